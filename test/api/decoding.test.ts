import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { readJson } from '../../src/api/schema/json-reader.ts';
import { checkObject, decodeJson, decodeYaml } from '../../src/api/schema/walker.ts';
import type { FieldValidation } from '../../src/api/schema/walker.ts';

function decode(text: string, type = 'v1.Pod', mode: FieldValidation = 'Strict'): unknown {
  const decoded = decodeJson(encodeUtf8(text), type, mode);
  return decoded.ok ? decoded.value.object : decoded.error.message;
}

describe('a JSON body', () => {
  it('becomes what the Go struct would write', () => {
    const text =
      '{"spec":{"containers":[{"image":"i","name":"c","stdin":false,"env":[]}]},"metadata":{"creationTimestamp":null}}';
    expect(JSON.stringify(decode(text))).toBe(
      '{"kind":"Pod","apiVersion":"v1","metadata":{},"spec":{"containers":[{"name":"c","image":"i","resources":{}}]},"status":{}}',
    );
  });

  it.each([
    [
      '{"spec":{"nodeName":3}}',
      'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string',
    ],
    [
      '{"spec":{"containers":[{"name":"c","tty":"x"}]}}',
      'json: cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool',
    ],
    [
      '{"metadata":{"labels":["a"]}}',
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      '{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"x"}}}]}}',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      '{"spec":{"bogus":1,"containers":[{"x":1}]}}',
      'strict decoding error: unknown field "spec.bogus", unknown field "spec.containers[0].x"',
    ],
    ['{"spec":{},"spec":{}}', 'strict decoding error: duplicate field "spec"'],
  ])('%s is refused', (text, sentence) => {
    expect(decode(text)).toBe(`Pod in version "v1" cannot be handled as a Pod: ${sentence}`);
  });

  it('of options is read without talk of objects', () => {
    expect(decode('nope', 'meta/v1.DeleteOptions')).toBe(
      "couldn't get version/kind; json parse error: invalid character 'o' in literal null (expecting 'u')",
    );
    expect(
      decode(
        '{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0}',
        'meta/v1.DeleteOptions',
      ),
    ).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'apps/v1',
      gracePeriodSeconds: 0,
    });
  });

  it('in canonical form is a fixed point', () => {
    const spec = fc.record(
      {
        nodeName: fc.string(),
        hostNetwork: fc.boolean(),
        priority: fc.integer({ min: -10, max: 10 }),
        nodeSelector: fc.dictionary(fc.string(), fc.string()),
        containers: fc.array(
          fc.record({ name: fc.string(), command: fc.array(fc.string()) }, { requiredKeys: [] }),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(spec, (one) => {
        const once = checkObject({ kind: 'Pod', apiVersion: 'v1', spec: one }, 'v1.Pod');
        if (!once.ok) throw once.error;
        const twice = checkObject(once.value.object, 'v1.Pod');
        expect(twice.ok && JSON.stringify(twice.value.object)).toBe(JSON.stringify(once.value.object));
      }),
    );
  });
});

describe('what a patch made', () => {
  it('is checked, and refused as an invalid patch', () => {
    const warned = checkObject({ foo: 1, data: { a: null } }, 'v1.ConfigMap', 'Warn', '');
    expect(warned).toMatchObject({
      value: { object: { data: { a: '' } }, warnings: ['unknown field "foo"'] },
    });
    const strict = checkObject({ foo: 1 }, 'v1.ConfigMap', 'Strict', 'map[foo:1]');
    expect(!strict.ok && strict.error.status).toMatchObject({
      code: 422,
      message:
        ' "" is invalid: patch: Invalid value: "map[foo:1]": strict decoding error: unknown field "foo"',
      details: { causes: [{ field: 'patch', reason: 'FieldValueInvalid' }] },
    });
  });
});

describe('a YAML body', () => {
  it('is read like JSON', () => {
    const text = 'kind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: "1"\n  k: "2"\n';
    const decoded = decodeYaml(encodeUtf8(text), 'v1.ConfigMap', 'Warn');
    expect(decoded).toMatchObject({
      value: {
        object: { metadata: { name: 'a' }, data: { k: '2' } },
        warnings: ['line 5: key "k" already set in map'],
      },
    });
    expect(decodeYaml(encodeUtf8('a: ]'), 'v1.ConfigMap', 'Warn').ok).toBe(false);
  });
});

describe('the JSON reader', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['hello', "invalid character 'h' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\x0a' in string literal"],
    ['-', 'unexpected end of JSON input'],
    ['['.repeat(10_050), "invalid character '[' exceeded max depth"],
  ])('%.20s: %s', (text, sentence) => {
    expect(readJson(text)).toEqual({ ok: false, error: sentence });
  });

  it('agrees with JSON.parse, and counts every repeated key', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(readJson(text)).toEqual({
          ok: true,
          value: { value: JSON.parse(text) as unknown, duplicates: [] },
        });
        const twice = readJson(`{"x":${text},"x":${text}}`);
        expect(twice).toEqual({
          ok: true,
          value: { value: { x: JSON.parse(text) as unknown }, duplicates: ['x'] },
        });
      }),
    );
  });
});
