import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { base64Length, base64Problem } from '../../src/api/base64.ts';
import { encodeBase64 } from '../../src/base/base64.ts';
import * as errors from '../../src/api/errors.ts';
import { fieldErrorText } from '../../src/api/field-error.ts';
import { parseManifests } from '../../src/api/manifest.ts';
import {
  cidrProblem,
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  generateName,
  isIpV6,
  portNameProblems,
  qualifiedNameProblems,
  suffixAlphabet,
} from '../../src/api/names.ts';
import { formatMicroTime, formatTime, parseTime } from '../../src/api/time.ts';
import { describeRecorded, recordedJson } from './recorded.ts';

const pods = { group: '', resource: 'pods' };

describeRecorded('error answers', () => {
  it.each([
    ['err-404', errors.unknownResource()],
    ['err-notfound', errors.notFound(pods, 'nope')],
    ['err-fieldselector', errors.badRequest('field label not supported: spec.bogus')],
    ['err-rv-too-large', errors.timeoutTooLargeResourceVersion(99_999_999, 1223)],
  ])('%s', (file, error) => {
    expect(error.status).toEqual(recordedJson(`recorded/golden/${file}.json`));
  });
});

describe('errors', () => {
  it('say what Kubernetes says', () => {
    const web = { group: 'apps', resource: 'deployments' };
    expect(errors.notFound(web, 'web').message).toBe('deployments.apps "web" not found');
    expect(errors.conflict(web, 'web').message).toBe(
      'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(errors.alreadyExists({ group: '', resource: 'nodes' }, 'a').message).toBe(
      'nodes "a" already exists',
    );
    expect(errors.expired('too old', 'token').status).toMatchObject({
      code: 410,
      metadata: { continue: 'token' },
    });
    expect(errors.success({ name: 'x' }, 201)).toMatchObject({ status: 'Success', code: 201 });
    const terminating = errors.namespaceTerminating({ group: '', resource: 'configmaps' }, 'x', 'n1');
    expect(terminating.message).toBe(
      'configmaps "x" is forbidden: unable to create new content in namespace n1 because it is being terminated',
    );
  });

  it('name the field and the rule', () => {
    expect(fieldErrorText({ type: 'Duplicate', field: 'a[0]', value: 'x', detail: '' })).toBe(
      'a[0]: Duplicate value: "x"',
    );
    expect(fieldErrorText({ type: 'Required', field: 'a', detail: 'why' })).toBe('a: Required value: why');
  });
});

describe('names', () => {
  it.each(['a', 'web-1', 'x'.repeat(63)])('%s is a label', (name) =>
    expect(dnsLabelProblems(name)).toEqual([]),
  );
  it.each(['', 'A', '-a', 'a-', 'a_b', 'x'.repeat(64)])('%s is no label', (name) => {
    expect(dnsLabelProblems(name)).not.toEqual([]);
  });
  it('with dots are subdomains, and not labels', () => {
    expect(dnsSubdomainProblems('a.b-c.d')).toEqual([]);
    expect(dnsSubdomainProblems('a..b')).toHaveLength(1);
    expect(dnsLabelProblems('a.b')).toEqual(['must not contain dots']);
    expect(dns1035LabelProblems('1a')).toHaveLength(1);
  });
  it('may be qualified', () => {
    expect(qualifiedNameProblems('example.com/My_Name.1')).toEqual([]);
    expect(qualifiedNameProblems('/x')).toEqual(['prefix part must be non-empty']);
    expect(qualifiedNameProblems('a/b/c')).toHaveLength(1);
    expect(qualifiedNameProblems('')).toHaveLength(2);
  });
  it('of ports are short and have a letter', () => {
    expect(portNameProblems('http')).toEqual([]);
    expect(portNameProblems('80')).toEqual(['must contain at least one letter (a-z)']);
    expect(portNameProblems('a--b')).toEqual(['must not contain consecutive hyphens']);
  });
  it('are generated within 63 characters', () => {
    let draws = 0;
    const name = generateName('x'.repeat(80), (below) => draws++ % below);
    expect(name).toBe('x'.repeat(58) + suffixAlphabet.slice(0, 5));
  });
  it('of networks', () => {
    expect(cidrProblem('10.0.0.0/8')).toBeUndefined();
    expect(cidrProblem('2001:db8::/64')).toBeUndefined();
    expect(cidrProblem('10.0.0.0/33')).toBeDefined();
    expect(['::', '::1', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4'].every(isIpV6)).toBe(true);
    expect(['1', ':::', '1::2::3', '1:2:3:4:5:6:7', 'g::'].some(isIpV6)).toBe(false);
  });
});

describe('times', () => {
  it('are whole seconds or microseconds', () => {
    const millis = parseTime('2026-11-23T15:04:05.678Z')!;
    expect(formatTime(millis)).toBe('2026-11-23T15:04:05Z');
    expect(formatMicroTime(millis)).toBe('2026-11-23T15:04:05.678000Z');
    expect(parseTime('2026-11-23T16:04:05+01:00')).toBe(parseTime('2026-11-23T15:04:05Z'));
    expect(parseTime('2026-11-23T15:04:05.123456Z')).toBe(parseTime('2026-11-23T15:04:05.123Z'));
    for (const text of ['', '2026-11-23', '2026-13-01T00:00:00Z', '2026-11-23T15:04:05', 'x']) {
      expect(parseTime(text)).toBeUndefined();
    }
  });
});

describe('base64', () => {
  it.each([
    ['', ''],
    ['a', 'YQ=='],
    ['ab', 'YWI='],
    ['abc', 'YWJj'],
  ])('%s is %s', (text, encoded) => {
    expect(encodeBase64(encodeUtf8(text))).toBe(encoded);
    expect(base64Problem(encoded)).toBe(-1);
    expect(base64Length(encoded)).toBe(text.length);
  });
  it.each([
    ['***', 0],
    ['YW*=', 2],
    ['YWJ', 0],
  ])('%s is wrong at %d', (text, at) => expect(base64Problem(text)).toBe(at));
});

describe('manifests', () => {
  const parse = (text: string): unknown => {
    const result = parseManifests(text, 'web.yaml');
    return result.ok ? result.value.map((one) => `${one.kind}/${one.metadata.name ?? ''}`) : result.error;
  };

  it('hold several objects, lists among them', () => {
    const text = `---
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
# nothing here
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: p}}
- {apiVersion: v1, kind: Pod, metadata: {generateName: q-}}
`;
    expect(parse(text)).toEqual(['Namespace/a', 'Pod/p', 'Pod/']);
    expect(parse('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}')).toEqual(['Pod/p']);
    expect(parse('')).toEqual([]);
  });

  it.each([
    [
      'kind: Pod\nmetadata: {name: p}',
      'web.yaml:1: the object has no apiVersion; add one, such as `apiVersion: v1`',
    ],
    [
      '---\na: 1\n---\napiVersion: v1',
      'web.yaml:2: the object has no apiVersion; add one, such as `apiVersion: v1`',
    ],
    [
      'apiVersion: v1\nkind: Pod',
      'web.yaml:1: the Pod has no metadata.name; add one, such as `metadata: { name: web }`',
    ],
    [
      '- 1',
      'web.yaml:1: expected an object with apiVersion, kind and metadata; remove this document or complete it',
    ],
  ])('%j is refused', (text, sentence) => {
    expect(parse(text)).toBe(sentence);
  });

  it('point at broken syntax', () => {
    expect(parse('apiVersion: v1\nkind: [')).toMatch(
      /^web\.yaml:\d+: not valid YAML \(a \[ without its \]\); fix the syntax there: close each bracket/,
    );
  });
});
