import {
  badRequest,
  methodNotAllowed,
  success,
  unknownResource,
  unsupportedPatchType,
} from '../api/errors.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../api/patch.ts';
import type { Resource, Subresource, Verb } from '../api/resource.ts';
import { findResource } from '../api/resources.ts';
import type { Decoded } from '../api/schema/walker.ts';
import { checkObject } from '../api/schema/walker.ts';
import type { ApiObject, Namespace, NewObject, ReplicationController } from '../api/types.ts';
import { assert, must } from '../base/assert.ts';
import { decodeUtf8 } from '../base/bytes.ts';
import { compareStrings } from '../base/order.ts';
import type { HttpResponse, HttpServerRequest } from '../platform/http.ts';
import type { Platform } from '../platform/platform.ts';
import { bindPod } from './binding.ts';
import { asObjectOf, decodeBody, fieldValidationOf, refuseDeep, schemaTypeOf } from './body.ts';
import type { DeleteOptions } from './delete-options.ts';
import { deleteOptionsOf, isDryRun } from './delete-options.ts';
import { parseListOptions, resourceVersionOf } from './list-options.ts';
import { mediaTypeOf, negotiateForm } from './negotiation.ts';
import { podLog } from './pod-log.ts';
import type { Presentation } from './presentation.ts';
import { presentationOf } from './presentation.ts';
import type { Registries } from './registries.ts';
import type { ListResult, Registry, UpdateScope } from './registry.ts';
import type { ResourceRequest } from './request-info.ts';
import { jsonResponse, jsonText, jsonType, statusResponse, textBody, wantsPretty } from './responses.ts';
import { scaleKind, scaleOf, withScale } from './scale.ts';
import { startWatch } from './watch-handler.ts';

/** Kinds whose DELETE answers with the object even when it is gone at once (ReturnDeletedObject). */
const returnsDeleted: ReadonlySet<string> = new Set(['pods', 'services']);

const strategicType = 'application/strategic-merge-patch+json';
const patchTypes: ReadonlySet<string> = new Set([
  'application/json-patch+json',
  'application/merge-patch+json',
  strategicType,
]);

/** One request on its way: what was asked, and what the answer will carry. */
interface Call {
  readonly request: HttpServerRequest;
  readonly info: ResourceRequest;
  readonly registry: Registry;
  readonly pretty: boolean;
  readonly presentation: Presentation;
  /** Sentences for Warning headers. */
  readonly warnings: string[];
}

/** What a write makes of the current state; undefined where a PUT creates. */
type Transform = (current: ApiObject | undefined) => ApiObject;

/** Verbs on resources and their subresources: HTTP in front of the registries. */
export class ResourceHandler {
  readonly #platform: Platform;
  readonly #resources: readonly Resource[];
  readonly #registries: Registries;
  readonly #tls: 'mutual' | 'none';

  constructor(
    platform: Platform,
    resources: readonly Resource[],
    registries: Registries,
    tls: 'mutual' | 'none',
  ) {
    this.#platform = platform;
    this.#resources = resources;
    this.#registries = registries;
    this.#tls = tls;
  }

  /** Whether anything is served in that group and version. */
  serves(group: string, version: string): boolean {
    return this.#resources.some((one) => one.group === group && one.version === version);
  }

  /** Rejects with ApiError and EtcdError. */
  async handle(request: HttpServerRequest, info: ResourceRequest): Promise<HttpResponse> {
    const resource = findResource(this.#resources, info.group, info.version, info.resource);
    if (resource === undefined) throw unknownResource();
    if (
      info.verb === undefined ||
      (info.verb === 'create' && info.name !== undefined && info.subresource === undefined)
    ) {
      throw methodNotAllowed();
    }
    checkName(info.name);
    // A namespaced object is reached through its namespace; only lists and watches may span all.
    const spansAll = info.verb === 'list' || info.verb === 'watch';
    const misplaced = resource.namespaced
      ? info.namespace === undefined && !spansAll
      : info.namespace !== undefined;
    if (misplaced) throw info.name === undefined ? methodNotAllowed() : unknownResource();
    const { query } = info;
    const nowMillis = (): number => this.#platform.clock.wallMillis();
    const call: Call = {
      request,
      info,
      registry: this.#registries.of(resource),
      pretty: wantsPretty(query, request.headers['user-agent'], request.headers['accept']),
      presentation: presentationOf(formOf(request, info), resource, query, nowMillis),
      warnings: [],
    };
    const response = await (info.subresource === undefined
      ? this.#handleObject(call, resource)
      : this.#handleSubresource(call, info.subresource));
    if (call.warnings.length === 0) return response;
    const warning = call.warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
    return { ...response, headers: { ...response.headers, warning } };
  }

  async #handleObject(call: Call, resource: Resource): Promise<HttpResponse> {
    const { info, registry } = call;
    requireVerb(resource.verbs, info.verb);
    switch (info.verb) {
      case 'get':
        return this.#answer(
          call,
          await registry.get(info.namespace, nameOf(info), readVersionOf(info.query)),
        );
      case 'list':
        return this.#listAnswer(
          call,
          await registry.list(parseListOptions(info.query, resource, info, 'list')),
        );
      case 'watch':
        return this.#watch(call);
      case 'create':
        return this.#create(call);
      case 'update':
        return this.#write(call, 'object', this.#replacement(call, resource));
      case 'patch':
        return this.#write(call, 'object', this.#patch(call, resource));
      case 'delete':
        return this.#delete(call);
      case 'deletecollection': {
        const selection = parseListOptions(info.query, resource, info, 'list');
        return this.#listAnswer(call, await registry.deleteCollection(selection, this.#deleteOptions(call)));
      }
    }
  }

  async #handleSubresource(call: Call, name: string): Promise<HttpResponse> {
    const { info, registry } = call;
    const { resource } = registry;
    const subresource = resource.subresources.find((one) => one.name === name);
    if (subresource === undefined || info.name === undefined) throw unknownResource();
    requireVerb(subresource.verbs, info.verb);
    switch (`${resource.resource}/${name}`) {
      case 'pods/binding':
        return this.#bind(call, subresource);
      case 'pods/log':
        return this.#log(call);
      case 'namespaces/finalize':
        return this.#finalize(call);
      case 'replicationcontrollers/scale':
        return this.#scale(call);
      default:
        return this.#status(call);
    }
  }

  async #create(call: Call): Promise<HttpResponse> {
    const { info, registry } = call;
    const body = this.#objectIn(call, registry.resource, info.namespace);
    const object = await registry.create(body, info.namespace, { dryRun: dryRunOf(info) });
    this.#warn(call, object);
    return this.#answer(call, object, 201);
  }

  async #watch(call: Call): Promise<HttpResponse> {
    const { info, registry, presentation } = call;
    const options = parseListOptions(info.query, registry.resource, info, 'watch');
    const body = await startWatch(this.#platform, registry, options, presentation);
    return { status: 200, headers: { 'content-type': jsonType }, body };
  }

  /** PUT or PATCH: replaces what is there by what `next` makes of it. */
  async #write(call: Call, scope: UpdateScope, next: Transform): Promise<HttpResponse> {
    const { info, registry } = call;
    const { object, created } = await registry.update(
      info.namespace,
      nameOf(info),
      (current) => next(current),
      { dryRun: dryRunOf(info), scope, mayCreate: scope === 'object' && info.verb === 'update' },
    );
    if (scope === 'object') this.#warn(call, object);
    return this.#answer(call, object, created ? 201 : 200);
  }

  async #delete(call: Call): Promise<HttpResponse> {
    const { info, registry, pretty } = call;
    const { resource } = registry;
    const options = this.#deleteOptions(call);
    const { object, removed } = await registry.delete(info.namespace, nameOf(info), options);
    if (!removed || returnsDeleted.has(resource.resource)) return this.#answer(call, object);
    const { name, uid } = object.metadata;
    const group = resource.group === '' ? {} : { group: resource.group };
    const { code, ...status } = success({ name, ...group, kind: resource.resource, uid });
    return jsonResponse(code, status, pretty);
  }

  async #status(call: Call): Promise<HttpResponse> {
    const { info, registry } = call;
    const { resource } = registry;
    if (info.verb === 'get') return this.#answer(call, await registry.get(info.namespace, nameOf(info)));
    const next = info.verb === 'patch' ? this.#patch(call, resource) : this.#replacement(call, resource);
    return this.#write(call, 'status', next);
  }

  async #scale(call: Call): Promise<HttpResponse> {
    const { info, registry, pretty } = call;
    const show = (object: ApiObject): HttpResponse =>
      jsonResponse(200, scaleOf(object as ReplicationController), pretty);
    if (info.verb === 'get') return show(await registry.get(info.namespace, nameOf(info)));
    const transform =
      info.verb === 'patch' ? this.#patch(call, scaleKind) : this.#replacement(call, scaleKind);
    const { object } = await registry.update(
      info.namespace,
      nameOf(info),
      (current) => {
        const controller = current as ReplicationController;
        return withScale(controller, transform(scaleOf(controller)));
      },
      { dryRun: dryRunOf(info) },
    );
    return show(object);
  }

  async #bind(call: Call, { group, version, kind }: Subresource): Promise<HttpResponse> {
    const { info, registry, pretty } = call;
    const body = this.#objectIn(call, { group, version, kind }, info.namespace);
    if ((body.metadata.name ?? '') !== '' && body.metadata.name !== info.name) {
      throw badRequest('name in URL does not match name in Binding object');
    }
    const options = { dryRun: dryRunOf(info) };
    const now = this.#platform.clock.wallMillis();
    return statusResponse(await bindPod(registry, info.namespace, nameOf(info), body, now, options), pretty);
  }

  async #log({ info, registry }: Call): Promise<HttpResponse> {
    const place = { namespace: info.namespace, name: nameOf(info) };
    const registries = { pods: registry, nodes: this.#registries.core('nodes') };
    return podLog(this.#platform, this.#tls, registries, place, info.query);
  }

  /** PUT namespaces/NAME/finalize: replaces spec.finalizers; the last one to go takes the namespace with it. */
  async #finalize(call: Call): Promise<HttpResponse> {
    const replacement = this.#replacement(call, call.registry.resource);
    return this.#write(call, 'raw', (current) => {
      const given = replacement(current) as Namespace;
      const { uid, resourceVersion } = given.metadata;
      const namespace = current as Namespace;
      const { spec } = namespace;
      return {
        ...namespace,
        metadata: { ...namespace.metadata, uid: uid ?? '', resourceVersion: resourceVersion ?? '' },
        spec: { ...spec, finalizers: given.spec?.finalizers ?? [] },
      } as ApiObject;
    });
  }

  /** The body of a PUT as the new object, whatever is there now. */
  #replacement(call: Call, kind: Pick<Resource, 'group' | 'version' | 'kind'>): Transform {
    const { namespace, name } = call.info;
    const body = this.#objectIn(call, kind, namespace, name);
    return () => body as ApiObject;
  }

  /** The body of a PATCH, to be applied to whatever is there; again, if someone else wrote first. */
  #patch(call: Call, kind: Pick<Resource, 'group' | 'version' | 'kind'>): Transform {
    const { request, info } = call;
    const mediaType = mediaTypeOf(request.headers['content-type']);
    if (!patchTypes.has(mediaType)) throw unsupportedPatchType();
    const type = schemaTypeOf(kind);
    const mode = fieldValidationOf(info.query);
    refuseDeep(request.body);
    const text = decodeUtf8(request.body);
    const patch = parseJson(text);
    if (
      mediaType !== 'application/json-patch+json' &&
      (typeof patch !== 'object' || patch === null || Array.isArray(patch))
    ) {
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${jsonKindOf(patch)} into Go value of type map[string]interface {}`,
      );
    }
    return (current) => {
      assert(current !== undefined, 'a patch starts from something');
      const result = patched(current, patch, mediaType, type);
      // A refusal shows the patch where it was merged by schema, and else what it made of the object.
      const shown = mediaType === strategicType ? text : sortedJson(result);
      const checked = unwrap(checkObject(result, type, mode, shown));
      this.#noteWarnings(call, checked);
      return asObjectOf(kind, checked.object, info) as ApiObject;
    };
  }

  #objectIn(
    call: Call,
    kind: Pick<Resource, 'group' | 'version' | 'kind'>,
    namespace: string | undefined,
    name?: string,
  ): NewObject<ApiObject> {
    const decoded = decodeBody(call.request, schemaTypeOf(kind), fieldValidationOf(call.info.query));
    this.#noteWarnings(call, decoded);
    return asObjectOf(kind, decoded.object, { namespace, name });
  }

  #deleteOptions({ request, info }: Call): DeleteOptions {
    const body =
      request.body.length === 0 ? {} : decodeBody(request, 'meta/v1.DeleteOptions', 'Ignore').object;
    return deleteOptionsOf(body, info.query);
  }

  #noteWarnings(call: Call, { warnings }: Decoded): void {
    for (const warning of warnings) {
      if (!call.warnings.includes(warning)) call.warnings.push(warning);
    }
  }

  #warn(call: Call, object: ApiObject): void {
    call.warnings.push(...(call.registry.resource.strategy.warningsOf?.(object) ?? []));
  }

  #answer({ presentation, pretty }: Call, object: ApiObject, status = 200): HttpResponse {
    return jsonResponse(status, presentation.object(object), pretty);
  }

  #listAnswer({ presentation, pretty }: Call, result: ListResult): HttpResponse {
    const pieces = presentation.list(result.objects, {
      resourceVersion: String(result.revision),
      ...(result.continueToken !== undefined && { continue: result.continueToken }),
      ...(result.remainingItemCount !== undefined && { remainingItemCount: result.remainingItemCount }),
    });
    const headers = { 'content-type': jsonType };
    if (!pretty) return { status: 200, headers, body: textBody(pieces) };
    return { status: 200, headers, body: textBody([jsonText(JSON.parse(pieces.join('')), true)]) };
  }
}

function patched(current: ApiObject, patch: unknown, mediaType: string, type: string): unknown {
  switch (mediaType) {
    case 'application/json-patch+json':
      return unwrap(applyJsonPatch(current, patch));
    case 'application/merge-patch+json':
      return applyMergePatch(current, patch);
    default:
      return unwrap(applyStrategicMergePatch(current, patch, type));
  }
}

/** Tables and metadata-only views are for reading objects; subresources answer in their own kinds. */
function formOf(request: HttpServerRequest, info: ResourceRequest) {
  if (info.subresource === 'log') return 'object';
  return negotiateForm(request.headers['accept'], info.verb === 'list' ? 'list' : 'object');
}

function requireVerb(verbs: readonly Verb[], verb: Verb | undefined): asserts verb is Verb {
  if (verb === undefined || !verbs.includes(verb)) throw methodNotAllowed();
}

/** A name that could not be a path segment is refused before anything looks for it. */
function checkName(name: string | undefined): void {
  if (name === '.' || name === '..')
    throw badRequest(`invalid resource name "${name}": [may not be '${name}']`);
  if (name?.includes('%') === true)
    throw badRequest(`invalid resource name "${name}": [may not contain '%']`);
}

function nameOf(info: ResourceRequest): string {
  return must(info.name, 'the verb is of a named object');
}

function readVersionOf(query: URLSearchParams): number | undefined {
  return resourceVersionOf(query.get('resourceVersion'));
}

function dryRunOf(info: ResourceRequest): boolean {
  return isDryRun(info.query.getAll('dryRun'));
}

/** JSON with the keys of every object in order, as Go writes maps. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted((a, b) => compareStrings(a[0], b[0])))
      : part,
  );
}

/** Go's name of a JSON value that is no object. */
function jsonKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function unwrap<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error },
): T {
  if (!result.ok) throw result.error;
  return result.value;
}
