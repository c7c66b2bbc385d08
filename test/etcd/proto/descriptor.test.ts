import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { describe, expect, it } from 'vitest';

import { describe as describeServices } from '../../../src/etcd/proto/descriptor.ts';
import { messageOf } from '../../../src/etcd/proto/message.ts';
import { reflectionV1, reflectionV1Alpha } from '../../../src/etcd/proto/reflection.ts';
import { services } from '../../../src/etcd/proto/services.ts';
import { reflectionService } from '../../../src/etcd/services/reflection.ts';
import type { Message } from '../../../src/grpc/message.ts';
import type { GrpcStatus } from '../../../src/grpc/status.ts';
import type { ServerCall, StreamingMethod } from '../../../src/grpc/service.ts';
import { allMessages } from './values.ts';

type Descriptors = typeof protobuf.Root & { fromDescriptor(set: unknown): protobuf.Root };
const { fromDescriptor } = protobuf.Root as Descriptors;

/** The files as protobufjs understands them. */
function rootOf(files: readonly Uint8Array[]): protobuf.Root {
  // FileDescriptorSet: files are its field 1.
  const set = new protobuf.Writer();
  for (const file of files) set.uint32(10).bytes(file);
  return fromDescriptor.call(protobuf.Root, descriptor.FileDescriptorSet.decode(set.finish()));
}

describe('descriptors made from the tables', () => {
  const root = rootOf(describeServices(services).map(({ encoded }) => encoded)).resolveAll();

  it.each(allMessages.map((type) => [type.name, type] as const))('%s is described', (name, type) => {
    const their = root.lookupType(name);
    expect(Object.keys(their.fields)).toHaveLength(type.fields.length);
    for (const field of type.fields) {
      const described = Object.values(their.fields).find(({ id }) => id === field.number)!;
      expect([described.repeated, described.partOf?.name]).toEqual([field.repeated, field.oneof]);
      const inner = messageOf(field);
      if (inner !== undefined) expect(described.resolvedType?.fullName).toBe(`.${inner.name}`);
    }
  });

  it('name every method', () => {
    for (const service of services) {
      const described = root.lookupService(service.name);
      expect(Object.keys(described.methods)).toEqual(service.methods.map(({ name }) => name));
      for (const { name, clientStreams, serverStreams } of service.methods) {
        const method = described.methods[name]!;
        expect([method.requestStream ?? false, method.responseStream ?? false]).toEqual([
          clientStreams,
          serverStreams,
        ]);
      }
    }
  });
});

/** Asks once. */
function ask(version: typeof reflectionV1, question: object): { answer?: object; ended?: GrpcStatus } {
  const method = reflectionService().get(`/${version.service.name}/ServerReflectionInfo`) as StreamingMethod;
  const result: { answer?: object; ended?: GrpcStatus } = {};
  const call = {
    queuedBytes: 0,
    send: (message: Message) => {
      result.answer = version.ServerReflectionResponse.decode(message as Uint8Array);
      return true;
    },
    end: (status: GrpcStatus) => {
      result.ended = status;
    },
  } as unknown as ServerCall;
  method.open(call).message(version.ServerReflectionRequest.encode(question));
  return result;
}

describe.each([
  ['v1', reflectionV1],
  ['v1alpha', reflectionV1Alpha],
])('reflection %s', (_, version) => {
  it('lists the services', () => {
    const { answer } = ask(version, { listServices: '' });
    const names = services.map(({ name }) => ({ name })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(answer).toMatchObject({ listServicesResponse: { service: names } });
  });

  it('gives the file of a symbol with all that it imports', () => {
    const symbols = [
      'etcdserverpb.KV',
      'etcdserverpb.KV.Range',
      'etcdserverpb.RangeRequest',
      'etcdserverpb.RangeRequest.SortOrder',
    ];
    for (const symbol of symbols) {
      const { answer } = ask(version, { fileContainingSymbol: symbol });
      const { fileDescriptorProto } = (
        answer as { fileDescriptorResponse: { fileDescriptorProto: Uint8Array[] } }
      ).fileDescriptorResponse;
      expect(fileDescriptorProto.length).toBe(3);
      rootOf(fileDescriptorProto).resolveAll();
    }
  });

  it('says what it does not have', () => {
    expect(ask(version, { fileContainingSymbol: 'etcdserverpb.Nope' }).answer).toMatchObject({
      errorResponse: { errorCode: 5, errorMessage: 'symbol not found: etcdserverpb.Nope' },
    });
    expect(ask(version, { fileByFilename: 'nope.proto' }).answer).toMatchObject({
      errorResponse: { errorCode: 5 },
    });
    expect(ask(version, { fileByFilename: 'etcdserverpb.proto' }).answer).toHaveProperty(
      'fileDescriptorResponse',
    );
    expect(ask(version, {}).ended?.code).toBe(3);
  });
});
