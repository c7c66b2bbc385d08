import { compareStrings } from '../../base/order.ts';
import {
  bool,
  enumOf,
  type EnumType,
  type Field,
  int32,
  message,
  messageOf,
  type MessageType,
  nested,
  oneof,
  propertyOf,
  repeated,
  type ServiceType,
  string,
} from './message.ts';

/** google.protobuf.FileDescriptorProto and what is in it (descriptor.proto), made from the tables for reflection. */

const EnumValueDescriptorProto = message('google.protobuf.EnumValueDescriptorProto', {
  name: string(1),
  number: int32(2),
});
const EnumDescriptorProto = message('google.protobuf.EnumDescriptorProto', {
  name: string(1),
  value: repeated(nested(2, () => EnumValueDescriptorProto)),
});
const FieldDescriptorProto = message('google.protobuf.FieldDescriptorProto', {
  name: string(1),
  number: int32(3),
  label: int32(4),
  type: int32(5),
  type_name: string(6),
  // Index 0 is one, too: a member of a oneof of its own is written also for zero.
  oneof_index: oneof('_oneof_index', int32(9)),
  json_name: string(10),
});
const OneofDescriptorProto = message('google.protobuf.OneofDescriptorProto', { name: string(1) });
const DescriptorProto = message('google.protobuf.DescriptorProto', {
  name: string(1),
  field: repeated(nested(2, () => FieldDescriptorProto)),
  enum_type: repeated(nested(4, () => EnumDescriptorProto)),
  oneof_decl: repeated(nested(8, () => OneofDescriptorProto)),
});
const MethodDescriptorProto = message('google.protobuf.MethodDescriptorProto', {
  name: string(1),
  input_type: string(2),
  output_type: string(3),
  client_streaming: bool(5),
  server_streaming: bool(6),
});
const ServiceDescriptorProto = message('google.protobuf.ServiceDescriptorProto', {
  name: string(1),
  method: repeated(nested(2, () => MethodDescriptorProto)),
});
export const FileDescriptorProto = message('google.protobuf.FileDescriptorProto', {
  name: string(1),
  package: string(2),
  dependency: repeated(string(3)),
  message_type: repeated(nested(4, () => DescriptorProto)),
  enum_type: repeated(nested(5, () => EnumDescriptorProto)),
  service: repeated(nested(6, () => ServiceDescriptorProto)),
  syntax: string(12),
});

/** A file of descriptors: all that the services need of one package. */
export interface DescriptorFile {
  readonly name: string;
  /** FileDescriptorProto */
  readonly encoded: Uint8Array;
  /** Names of files. */
  readonly dependencies: readonly string[];
  /** Full names of what is declared here: services, methods, messages, fields, enums. */
  readonly symbols: readonly string[];
}

/** FieldDescriptorProto.Type */
const typeNumbers = {
  int64: 3,
  int64Id: 3,
  uint64: 4,
  uint64Id: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
} as const;
const optional = 1;
const repeatedLabel = 3;

/** The descriptors of these services and of all that they refer to, a file for each package. */
export function describe(services: readonly ServiceType[]): readonly DescriptorFile[] {
  const packages = new Map<string, PackageContents>();
  const of = (name: string): PackageContents => {
    let contents = packages.get(name);
    if (contents === undefined) packages.set(name, (contents = { messages: [], enums: [], services: [] }));
    return contents;
  };
  const seen = new Set<string>();
  const visit = (type: MessageType<object>): void => {
    if (seen.has(type.name)) return;
    seen.add(type.name);
    of(packageOf(type.name)).messages.push(type);
    for (const field of type.fields) {
      const inner = messageOf(field);
      if (inner !== undefined) visit(inner);
      const enumeration = enumOf(field);
      if (enumeration !== undefined && !seen.has(enumeration.name)) {
        seen.add(enumeration.name);
        of(packageOf(enumeration.name)).enums.push(enumeration);
      }
    }
  };
  for (const service of services) {
    of(packageOf(service.name)).services.push(service);
    for (const { request, response } of service.methods) {
      visit(request);
      visit(response);
    }
  }
  return [...packages].map(([name, contents]) => describePackage(name, contents));
}

interface PackageContents {
  readonly messages: MessageType<object>[];
  readonly enums: EnumType[];
  readonly services: ServiceType[];
}

/** `etcdserverpb.Compare.CompareResult` → `etcdserverpb`: names of packages begin in lower case, those of types do not. */
function packageOf(name: string): string {
  const parts = name.split('.');
  return parts
    .slice(
      0,
      parts.findIndex((part) => /^[A-Z]/.test(part)),
    )
    .join('.');
}

function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function fileOf(packageName: string): string {
  return `${packageName.replaceAll('.', '/')}.proto`;
}

function describePackage(name: string, { messages, enums, services }: PackageContents): DescriptorFile {
  const used = [
    ...messages.flatMap(({ fields }) =>
      fields.map((field) => messageOf(field)?.name ?? enumOf(field)?.name ?? `${name}.X`),
    ),
    ...services.flatMap(({ methods }) =>
      methods.flatMap(({ request, response }) => [request.name, response.name]),
    ),
  ];
  const dependencies = [...new Set(used.map(packageOf))]
    .filter((other) => other !== name)
    .toSorted(compareStrings)
    .map(fileOf);
  const within = (parent: string) =>
    enums.filter((enumeration) => parentOf(enumeration.name) === parent).map(describeEnum);
  const file = {
    name: fileOf(name),
    package: name,
    dependency: dependencies,
    messageType: messages.map((type) => describeMessage(type, within(type.name))),
    enumType: within(name),
    service: services.map(describeService),
    syntax: 'proto3',
  };
  const symbols = [
    ...messages.flatMap((type) => [
      type.name,
      ...type.fields.map((field) => `${type.name}.${field.protoName}`),
    ]),
    ...enums.map((enumeration) => enumeration.name),
    ...services.flatMap((service) => [
      service.name,
      ...service.methods.map((method) => `${service.name}.${method.name}`),
    ]),
  ];
  return { name: file.name, encoded: FileDescriptorProto.encode(file), dependencies, symbols };
}

function describeMessage({ name, fields }: MessageType<object>, enumType: ReturnType<typeof describeEnum>[]) {
  const oneofs = [...new Set(fields.flatMap((field) => (field.oneof === undefined ? [] : [field.oneof])))];
  return {
    name: lastOf(name),
    field: fields.map((field) => ({
      name: field.protoName,
      number: field.number,
      label: field.repeated ? repeatedLabel : optional,
      type: typeNumbers[kindOf(field)],
      typeName: typeNameOf(field),
      oneofIndex: field.oneof === undefined ? undefined : oneofs.indexOf(field.oneof),
      jsonName: propertyOf(field.protoName),
    })),
    enumType,
    oneofDecl: oneofs.map((each) => ({ name: each })),
  };
}

function kindOf(field: Field): keyof typeof typeNumbers {
  if (messageOf(field) !== undefined) return 'message';
  if (enumOf(field) !== undefined) return 'enum';
  return field.type as keyof typeof typeNumbers;
}

function typeNameOf(field: Field): string {
  const name = messageOf(field)?.name ?? enumOf(field)?.name;
  return name === undefined ? '' : `.${name}`;
}

function describeEnum({ name, values }: EnumType) {
  return {
    name: lastOf(name),
    value: Object.entries(values).map(([value, number]) => ({ name: value, number })),
  };
}

function describeService({ name, methods }: ServiceType) {
  return {
    name: lastOf(name),
    method: methods.map((method) => ({
      name: method.name,
      inputType: `.${method.request.name}`,
      outputType: `.${method.response.name}`,
      clientStreaming: method.clientStreams,
      serverStreaming: method.serverStreams,
    })),
  };
}
