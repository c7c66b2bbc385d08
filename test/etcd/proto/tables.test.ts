import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';

import { ProtoError } from '../../../src/base/protobuf.ts';
import { toJson } from '../../../src/etcd/proto/json.ts';
import { HealthCheckRequest } from '../../../src/etcd/proto/health.ts';
import { enumOf, messageOf, type MessageType } from '../../../src/etcd/proto/message.ts';
import { PutRequest, StatusResponse, WatchRequest } from '../../../src/etcd/proto/rpc.ts';
import { services } from '../../../src/etcd/proto/services.ts';
import { allMessages, valueOf } from './values.ts';

/** etcd's own .proto files, of 3.4, as the npm client ships them: what they have is compared with them. */
const theirs = (() => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('etcd3/package.json')), 'proto');
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => join(folder, target.split('/').at(-1)!);
  root.loadSync(['rpc.proto', 'kv.proto', 'auth.proto'], { keepCase: true });
  return root;
})();

function theirType(type: MessageType<object>): protobuf.Type | undefined {
  const found = theirs.lookup(type.name);
  return found instanceof protobuf.Type ? found : undefined;
}

/** The npm client spells enums in its own way: `NotEqual` for `NOT_EQUAL`. */
function loose(json: object): string {
  return JSON.stringify(json).replaceAll('_', '').toUpperCase();
}

const shared = allMessages.filter((type) => theirType(type) !== undefined);

/** What 3.5 and later have added is not theirs. */
const ofBoth = shared.filter(({ name, fields }) =>
  fields.every(({ protoName }) => theirs.lookupType(name).fields[protoName] !== undefined),
);

describe('the tables of etcd’s messages', () => {
  it('have most of the messages that the npm client knows', () => {
    expect(shared.length).toBeGreaterThan(80);
  });

  it.each(shared.map((type) => [type.name, type] as const))('%s has their fields', (_, type) => {
    const their = theirType(type)!;
    for (const { protoName, number, type: ours, repeated, oneof } of type.fields) {
      const field = their.fields[protoName];
      if (field === undefined) continue;
      field.resolve();
      expect([protoName, field.id, field.repeated]).toEqual([protoName, number, repeated]);
      expect(field.partOf?.name).toBe(oneof);
      const inner = messageOf({ number, type: ours, repeated, oneof });
      const enumeration = enumOf({ number, type: ours, repeated, oneof });
      if (inner !== undefined) expect(field.resolvedType?.fullName).toBe(`.${inner.name}`);
      else if (enumeration !== undefined) {
        expect(loose((field.resolvedType as protobuf.Enum).values)).toBe(loose(enumeration.values));
      } else expect(field.type).toBe(String(ours).replace('Id', ''));
    }
    const known = new Set(type.fields.map(({ protoName }) => protoName));
    expect(Object.keys(their.fields).filter((field) => !known.has(field))).toEqual([]);
  });

  it('have their methods, with the same messages and streams', () => {
    for (const service of services) {
      const their = theirs.lookup(service.name);
      if (!(their instanceof protobuf.Service)) continue;
      for (const [name, method] of Object.entries(their.methods)) {
        method.resolve();
        const ours = service.methods.find((each) => each.name === name);
        expect(ours, name).toBeDefined();
        expect({
          request: `.${ours!.request.name}`,
          response: `.${ours!.response.name}`,
          clientStreams: ours!.clientStreams,
          serverStreams: ours!.serverStreams,
        }).toEqual({
          request: method.resolvedRequestType?.fullName,
          response: method.resolvedResponseType?.fullName,
          clientStreams: method.requestStream ?? false,
          serverStreams: method.responseStream ?? false,
        });
      }
    }
  });

  it.each(allMessages.map((type) => [type.name, type] as const))('%s comes back as it went', (_, type) => {
    fc.assert(
      fc.property(valueOf(type), (value) => {
        expect(type.decode(type.encode(value))).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  it.each(ofBoth.map((type) => [type.name, type] as const))(
    '%s is read and written by protobufjs alike, and as the same JSON',
    (_, type) => {
      const their = theirType(type)!;
      fc.assert(
        fc.property(valueOf(type), (value) => {
          const message = their.decode(type.encode(value));
          expect(type.decode(new Uint8Array(their.encode(message).finish()))).toEqual(value);
          const object = their.toObject(message, { longs: String, enums: String, bytes: String });
          expect(loose(toJson(type, value))).toBe(loose(object));
        }),
        { numRuns: 30 },
      );
    },
  );

  it('read any bytes as a message or refuse them with a ProtoError', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allMessages), fc.uint8Array({ maxLength: 60 }), (type, bytes) => {
        try {
          type.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtoError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('pass over fields they do not know', () => {
    expect(PutRequest.decode(Uint8Array.of(0xa0, 0x06, 0x01, 0x0a, 0x01, 0x61)).key).toEqual(
      Uint8Array.of(0x61),
    );
  });

  it("take text that is no UTF-8, as gogo/protobuf does, but for Google's own", () => {
    expect(StatusResponse.decode(Uint8Array.of(0x12, 0x02, 0x61, 0xff)).version).toBe('a\uFFFD');
    expect(() => HealthCheckRequest.decode(Uint8Array.of(0x0a, 0x01, 0xff))).toThrow(
      new ProtoError('string field contains invalid UTF-8'),
    );
    // A field of another wire type is one that it does not know.
    expect(HealthCheckRequest.decode(Uint8Array.of(0x08, 0x07, 0x0a, 0x01, 0x61)).service).toBe('a');
  });

  it('read a repeated integer packed or one by one', () => {
    const packed = Uint8Array.of(0x0a, 0x04, 0x2a, 0x02, 0x00, 0x01);
    const single = Uint8Array.of(0x0a, 0x04, 0x28, 0x00, 0x28, 0x01);
    const expected = WatchRequest.decode(packed);
    expect(expected.createRequest?.filters).toEqual([0, 1]);
    expect(WatchRequest.decode(single)).toEqual(expected);
  });
});
