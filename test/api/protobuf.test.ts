import { expect, it } from 'vitest';

import { decodeProtobuf } from '../../src/api/protobuf.ts';
import { describeRecorded, recordedBytes, recordedJson, recordedText } from './recorded.ts';

describeRecorded('protobuf bodies', () => {
  for (const [file, type] of [
    ['events', 'v1.EventList'],
    ['namespaces', 'v1.NamespaceList'],
    ['nodes', 'v1.NodeList'],
    ['pods', 'v1.PodList'],
    ['services', 'v1.ServiceList'],
  ] as const) {
    it(`reads ${type} as the real server writes it in JSON`, () => {
      const decoded = decodeProtobuf(recordedBytes(`recorded/golden/list-api-v1-${file}.pb`), type);
      expect(decoded.ok && decoded.value.object).toEqual(
        recordedJson(`recorded/golden/list-api-v1-${file}.json`),
      );
    });
  }

  it('keeps the order of the real JSON', () => {
    const decoded = decodeProtobuf(recordedBytes('recorded/golden/list-api-v1-pods.pb'), 'v1.PodList');
    const text = JSON.stringify(decoded.ok && decoded.value.object);
    expect(text).toBe(JSON.stringify(recordedJson('recorded/golden/list-api-v1-pods.json')));
  });

  it('reads what kubectl sends', () => {
    const decoded = decodeProtobuf(bytesOf('pb-cm'), 'v1.ConfigMap');
    expect(decoded.ok && decoded.value.object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'x' },
      data: { a: 'b' },
    });
    const options = decodeProtobuf(bytesOf('pb-delete-options'), 'meta/v1.DeleteOptions');
    expect(options.ok && options.value.object).toMatchObject({
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
    });
  });

  it('reads negative numbers', () => {
    // spec (2) { priority (25) = -1, as ten bytes } in an envelope of v1 Pod.
    const minusOne = [...Array.from({ length: 9 }, () => 0xff), 0x01];
    const raw = [0x12, 12, 0xc8, 0x01, ...minusOne];
    const meta = [0x0a, 9, 0x0a, 2, ...Buffer.from('v1'), 0x12, 3, ...Buffer.from('Pod')];
    const body = new Uint8Array([...Buffer.from('k8s\0'), ...meta, 0x12, raw.length, ...raw]);
    const decoded = decodeProtobuf(body, 'v1.Pod');
    expect(decoded.ok && decoded.value.object).toMatchObject({ spec: { priority: -1 } });
  });

  it('refuses another kind and a body that ends early', () => {
    const wrong = decodeProtobuf(bytesOf('pb-wrong-kind'), 'v1.Secret');
    expect(!wrong.ok && wrong.error.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a Secret: converting (v1.ConfigMap) to (core.Secret): unknown conversion',
    );
    const short = decodeProtobuf(bytesOf('pb-truncated'), 'v1.ConfigMap');
    expect(!short.ok && short.error.message).toBe(
      'the object provided is unrecognized (must be of type ConfigMap): unexpected EOF (6b3873000a0f0a0276311209436f6e6669674d6170121b0a110a01781200)',
    );
  });

  it('refuses every prefix of a body without throwing', () => {
    const whole = recordedBytes('recorded/golden/list-api-v1-namespaces.pb');
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => decodeProtobuf(whole.subarray(0, length), 'v1.NamespaceList')).not.toThrow();
    }
  });
});

function bytesOf(id: string): Uint8Array {
  const line = recordedText('wire/cases.jsonl')
    .split('\n')
    .find((one) => one.includes(`"id":"${id}"`));
  return new Uint8Array(Buffer.from((JSON.parse(line ?? '{}') as { b64: string }).b64, 'base64'));
}
