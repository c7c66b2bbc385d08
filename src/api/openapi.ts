import { compareStrings } from '../base/order.ts';
import type { Json } from './discovery.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource, Subresource, Verb } from './resource.ts';
import { reachableStructs } from './schema/library.ts';
import { typeName } from './schema/schema.ts';
import type { Field, FieldType, Scalar, Struct } from './schema/schema.ts';

/**
 * OpenAPI documents, derived from the resources and the schema. They carry what clients act on: kinds, fields,
 * patch strategies, and per operation its kind, action and parameters. kubectl validates on the server when the
 * PATCH of a kind has `fieldValidation`. Descriptions of fields are not included.
 */

/** GET /openapi/v3. `hashOf` gives the hash of a document, which makes its URL cacheable for ever. */
export function openApiV3Index(resources: readonly Resource[], hashOf: (document: Json) => string): Json {
  const paths = groupVersionPaths(resources).map((path) => {
    const document = openApiV3Document(resources, path) ?? {};
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(document)}` }];
  });
  return { paths: Object.fromEntries(paths) as Json };
}

/** GET /openapi/v3/PATH for PATH `api/v1` or `apis/GROUP/VERSION`; undefined when it is not served. */
export function openApiV3Document(resources: readonly Resource[], path: string): Json | undefined {
  const served = resources.filter((resource) => groupVersionPath(resource) === path);
  if (served.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: pathsOf(served, v3),
    components: { schemas: schemasOf(served, v3) },
  };
}

/** GET /openapi/v2: all groups in one document. */
export function openApiV2(resources: readonly Resource[]): Json {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: pathsOf(resources, v2),
    definitions: schemasOf(resources, v2),
  };
}

/** Where the two versions of OpenAPI differ. */
interface Dialect {
  readonly refPrefix: string;
  parameter(name: string, place: 'query' | 'path', type: string): Json;
  body(
    ref: Json,
    mediaTypes: readonly string[],
  ): { readonly parameters: readonly Json[]; readonly operation: Json };
  response(ref: Json): Json;
  intOrString: Json;
}

const v3: Dialect = {
  refPrefix: '#/components/schemas/',
  parameter: (name, place, type) => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  }),
  body: (ref, mediaTypes) => ({
    parameters: [],
    operation: {
      requestBody: {
        content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: ref }])),
        required: true,
      },
    },
  }),
  response: (ref) => ({ description: 'OK', content: { 'application/json': { schema: ref } } }),
  intOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
};

const v2: Dialect = {
  refPrefix: '#/definitions/',
  parameter: (name, place, type) => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    type,
    uniqueItems: true,
  }),
  body: (ref, mediaTypes) => ({
    parameters: [{ name: 'body', in: 'body', required: true, schema: ref }],
    operation: { consumes: mediaTypes },
  }),
  response: (ref) => ({ description: 'OK', schema: ref }),
  intOrString: { type: 'string', format: 'int-or-string' },
};

const bodyMediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const patchMediaTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];
const listParameters = [
  'allowWatchBookmarks:boolean',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit:integer',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents:boolean',
  'timeoutSeconds:integer',
  'watch:boolean',
];

interface Operation {
  readonly verb: Verb;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly action: string;
  readonly parameters: readonly string[];
}

/** On the collection. `watch` is a parameter of list. */
const collectionOperations: readonly Operation[] = [
  { verb: 'list', method: 'get', action: 'list', parameters: listParameters },
  { verb: 'create', method: 'post', action: 'post', parameters: writeParameters },
  { verb: 'deletecollection', method: 'delete', action: 'deletecollection', parameters: listParameters },
];

const itemOperations: readonly Operation[] = [
  { verb: 'get', method: 'get', action: 'get', parameters: [] },
  { verb: 'update', method: 'put', action: 'put', parameters: writeParameters },
  { verb: 'patch', method: 'patch', action: 'patch', parameters: [...writeParameters, 'force:boolean'] },
  {
    verb: 'delete',
    method: 'delete',
    action: 'delete',
    parameters: ['dryRun', 'gracePeriodSeconds:integer', 'propagationPolicy'],
  },
];

const subresourceOperations: readonly Operation[] = [
  ...itemOperations,
  { verb: 'create', method: 'post', action: 'post', parameters: writeParameters },
];

type KindName = Pick<Subresource, 'group' | 'version' | 'kind'>;

function pathsOf(resources: readonly Resource[], dialect: Dialect): Json {
  const paths = new Map<string, Json>();
  for (const resource of resources) {
    const root = `/${groupVersionPath(resource)}`;
    const scope = resource.namespaced ? `${root}/namespaces/{namespace}` : root;
    const collection = `${scope}/${resource.resource}`;
    const item = `${collection}/{name}`;
    const namespaceParameter = resource.namespaced ? ['namespace'] : [];
    const list = `${resource.kind}List`;
    const collectionPath = pathItem(
      resource,
      resource.verbs,
      collectionOperations,
      namespaceParameter,
      dialect,
      list,
    );
    paths.set(collection, collectionPath);
    paths.set(
      item,
      pathItem(resource, resource.verbs, itemOperations, [...namespaceParameter, 'name'], dialect),
    );
    if (resource.namespaced) {
      const everywhere = collectionOperations.filter((operation) => operation.verb === 'list');
      paths.set(
        `${root}/${resource.resource}`,
        pathItem(resource, resource.verbs, everywhere, [], dialect, list),
      );
    }
    for (const subresource of resource.subresources) {
      const names = [...namespaceParameter, 'name'];
      const operations = pathItem(subresource, subresource.verbs, subresourceOperations, names, dialect);
      paths.set(`${item}/${subresource.name}`, operations);
    }
  }
  return sortedObject(paths);
}

function pathItem(
  kind: KindName,
  verbs: readonly Verb[],
  operations: readonly Operation[],
  pathParameters: readonly string[],
  dialect: Dialect,
  list?: string,
): Json {
  const ref = refTo(typeName(kind.group, kind.version, kind.kind), dialect);
  const result: Record<string, unknown> = {};
  for (const { verb, method, action, parameters } of operations) {
    if (!verbs.includes(verb)) continue;
    const takesBody = method === 'post' || method === 'put' || method === 'patch';
    const mediaTypes = method === 'patch' ? patchMediaTypes : bodyMediaTypes;
    // A patch is of any shape; other bodies are of the kind.
    const bodyRef = method === 'patch' ? { type: 'object' } : ref;
    const body = takesBody ? dialect.body(bodyRef, mediaTypes) : undefined;
    const answer =
      verb === 'list' && list !== undefined ? refTo(typeName(kind.group, kind.version, list), dialect) : ref;
    result[method] = {
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version },
      parameters: [
        ...parameters.map((parameter) => {
          const [name = '', type = 'string'] = parameter.split(':');
          return dialect.parameter(name, 'query', type);
        }),
        ...(body?.parameters ?? []),
      ],
      ...body?.operation,
      responses: { [method === 'post' ? '201' : '200']: dialect.response(answer) },
    };
  }
  if (pathParameters.length > 0) {
    result['parameters'] = pathParameters.map((name) => dialect.parameter(name, 'path', 'string'));
  }
  return result;
}

function schemasOf(resources: readonly Resource[], dialect: Dialect): Json {
  const kinds = new Map<string, Json>();
  for (const resource of resources) {
    for (const kind of [resource.kind, `${resource.kind}List`]) {
      const { group, version } = resource;
      kinds.set(typeName(group, version, kind), { group, kind, version });
    }
    for (const { group, version, kind } of resource.subresources) {
      kinds.set(typeName(group, version, kind), { group, kind, version });
    }
  }
  const schemas = new Map<string, Json>();
  for (const struct of reachableStructs([...kinds.keys(), 'meta/v1.DeleteOptions', 'meta/v1.Status'])) {
    schemas.set(componentName(struct.name), structSchema(struct, kinds.get(struct.name), dialect));
    for (const { type } of struct.fields) {
      const leaf = namedLeaf(type);
      // Their forms are more than these documents can say.
      if (leaf !== undefined)
        schemas.set(componentName(leaf), leaf.endsWith('RawExtension') ? { type: 'object' } : {});
    }
  }
  for (const [scalar, name] of Object.entries(scalarComponents)) {
    schemas.set(name, scalarSchema(scalar as Scalar, dialect));
  }
  return sortedObject(schemas);
}

/** The name of a type that has a JSON form of its own and is no struct. */
function namedLeaf(type: FieldType): string | undefined {
  switch (type.kind) {
    case 'list':
    case 'map':
      return namedLeaf(type.element);
    case 'variant':
      return type.name;
    case 'scalar':
      return type.scalar === 'raw' ? type.name : undefined;
    case 'struct':
      return undefined;
  }
}

function structSchema(struct: Struct, kind: Json | undefined, dialect: Dialect): Json {
  const required = struct.fields.filter((field) => field.required).map((field) => field.name);
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required: required.toSorted(compareStrings) }),
    properties: Object.fromEntries(struct.fields.map((field) => [field.name, fieldSchema(field, dialect)])),
    ...(struct.structType === undefined ? {} : { 'x-kubernetes-map-type': struct.structType }),
    ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': [kind] }),
  };
}

function fieldSchema(field: Field, dialect: Dialect): Json {
  const schema = typeSchema(field.type, dialect);
  const extensions = {
    ...(field.patchStrategies.length === 0
      ? {}
      : { 'x-kubernetes-patch-strategy': field.patchStrategies.join(',') }),
    ...(field.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
    ...mergeRules(field.type),
  };
  // Nothing may stand beside a $ref.
  if (!Object.hasOwn(schema, '$ref') || Object.keys(extensions).length === 0)
    return { ...schema, ...extensions };
  return { allOf: [schema], ...extensions };
}

/** How a value merges, where it does not merge as its form does. */
function mergeRules(type: FieldType): Json {
  switch (type.kind) {
    case 'list':
      return {
        ...(type.listType === undefined ? {} : { 'x-kubernetes-list-type': type.listType }),
        ...(type.listMapKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': type.listMapKeys }),
      };
    case 'map':
      return type.mapType === undefined ? {} : { 'x-kubernetes-map-type': type.mapType };
    case 'struct':
      return type.structType === undefined ? {} : { 'x-kubernetes-map-type': type.structType };
    case 'variant':
    case 'scalar':
      return {};
  }
}

function typeSchema(type: FieldType, dialect: Dialect): Json {
  switch (type.kind) {
    case 'struct':
    case 'variant':
      return refTo(type.name, dialect);
    case 'list':
      return { type: 'array', items: typeSchema(type.element, dialect) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.element, dialect) };
    case 'scalar': {
      const component =
        type.scalar === 'raw' ? componentName(type.name ?? '') : scalarComponents[type.scalar];
      return component === undefined
        ? scalarSchema(type.scalar, dialect)
        : { $ref: dialect.refPrefix + component };
    }
  }
}

/** Scalars that have a name of their own in the published documents. */
const scalarComponents: Readonly<Partial<Record<Scalar, string>>> = {
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  Time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  MicroTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  FieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
};

function scalarSchema(scalar: Scalar, dialect: Dialect): Json {
  switch (scalar) {
    case 'string':
      return { type: 'string' };
    case 'bool':
      return { type: 'boolean' };
    case 'int32':
    case 'int64':
      return { type: 'integer', format: scalar };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'Quantity':
      return { type: 'string' };
    case 'IntOrString':
      return dialect.intOrString;
    case 'Time':
    case 'MicroTime':
      return { type: 'string', format: 'date-time' };
    case 'FieldsV1':
      return { type: 'object' };
    case 'float64':
      return { type: 'number', format: 'double' };
    case 'raw':
    case 'any':
      return {};
  }
}

function refTo(type: string, dialect: Dialect): Json {
  return { $ref: dialect.refPrefix + componentName(type) };
}

/** 'v1.Pod' → io.k8s.api.core.v1.Pod; 'discovery.k8s.io/v1.EndpointSlice' → io.k8s.api.discovery.v1.EndpointSlice. */
function componentName(type: string): string {
  if (type.startsWith('meta/')) return `io.k8s.apimachinery.pkg.apis.${type.replace('/', '.')}`;
  if (type.startsWith('runtime.')) return `io.k8s.apimachinery.pkg.${type}`;
  const slash = type.indexOf('/');
  const group = slash < 0 ? '' : type.slice(0, slash).split('.')[0]!;
  if (packages[group] !== undefined) return `io.k8s.${packages[group]}.${group}.${type.slice(slash + 1)}`;
  if (slash < 0) return `io.k8s.api.core.${type}`;
  return `io.k8s.api.${group}.${type.slice(slash + 1)}`;
}

/** Groups whose Go packages are not those of k8s.io/api. */
const packages: Readonly<Record<string, string>> = {
  apiextensions: 'apiextensions-apiserver.pkg.apis',
  apiregistration: 'kube-aggregator.pkg.apis',
};

function groupVersionPath(resource: Resource): string {
  return resource.group === '' ? `api/${resource.version}` : `apis/${apiVersionOf(resource)}`;
}

function groupVersionPaths(resources: readonly Resource[]): readonly string[] {
  return [...new Set(resources.map(groupVersionPath))].toSorted(compareStrings);
}

function sortedObject(map: ReadonlyMap<string, Json>): Json {
  return Object.fromEntries([...map].toSorted((a, b) => compareStrings(a[0], b[0])));
}
