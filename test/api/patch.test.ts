import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../../src/api/patch.ts';

describe('merge patch', () => {
  // RFC 7386, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (original, patch, expected) => {
    expect(applyMergePatch(original, patch)).toEqual(expected);
  });

  it('applied twice is applied once, and changes nothing in place', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (original, patch) => {
        const before = JSON.stringify(original);
        const once = applyMergePatch(original, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
        expect(JSON.stringify(original)).toBe(before);
      }),
    );
  });
});

function json(original: unknown, ...operations: unknown[]): unknown {
  const result = applyJsonPatch(original, operations);
  return result.ok ? result.value : result.error.message;
}

describe('JSON patch', () => {
  const refused = 'the server rejected our request due to an error in our request';

  // RFC 6902, appendix A.
  it.each([
    [{ foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }, { foo: 'bar', baz: 'qux' }],
    [{ foo: ['bar', 'baz'] }, { op: 'add', path: '/foo/1', value: 'qux' }, { foo: ['bar', 'qux', 'baz'] }],
    [{ baz: 'qux', foo: 'bar' }, { op: 'remove', path: '/baz' }, { foo: 'bar' }],
    [{ foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: '/foo/1' }, { foo: ['bar', 'baz'] }],
    [{ baz: 'qux' }, { op: 'replace', path: '/baz', value: 'boo' }, { baz: 'boo' }],
    [
      { a: { b: 1 }, c: {} },
      { op: 'move', from: '/a/b', path: '/c/d' },
      { a: {}, c: { d: 1 } },
    ],
    [{ foo: ['a', 'b', 'c'] }, { op: 'move', from: '/foo/0', path: '/foo/2' }, { foo: ['b', 'c', 'a'] }],
    [{ a: [1, { x: 2 }] }, { op: 'test', path: '/a/1/x', value: 2 }, { a: [1, { x: 2 }] }],
    [{ baz: 'qux' }, { op: 'test', path: '/baz', value: 'bar' }, refused],
    [
      { foo: 'bar' },
      { op: 'add', path: '/child', value: { grand: {} } },
      { foo: 'bar', child: { grand: {} } },
    ],
    [{ foo: 'bar' }, { op: 'add', path: '/baz/bat', value: 'qux' }, refused],
    [
      { '/': 9, '~1': 10 },
      { op: 'test', path: '/~01', value: 10 },
      { '/': 9, '~1': 10 },
    ],
    [{ '/': 9, '~1': 10 }, { op: 'test', path: '/~01', value: '10' }, refused],
    [{ foo: ['bar'] }, { op: 'add', path: '/foo/-', value: ['x'] }, { foo: ['bar', ['x']] }],
    [{ foo: [1] }, { op: 'add', path: '/foo/3', value: 1 }, refused],
    [{ foo: [1] }, { op: 'remove', path: '/foo/01' }, refused],
  ])('%j with %j is %j', (original, operation, expected) => {
    expect(json(original, operation)).toEqual(expected);
  });

  it('behaves as the real server where that is laxer', () => {
    expect(json({ data: {} }, { op: 'replace', path: '/data/nosuch', value: 'x' })).toEqual({
      data: { nosuch: 'x' },
    });
    expect(json({}, { op: 'add', path: 'data/a', value: 'v' })).toEqual({ a: 'v' });
    expect(json({}, { op: 'frob', path: '/a' })).toBe(refused);
    const many = Array.from({ length: 10_002 }, () => ({ op: 'test', path: '/kind', value: 'x' }));
    expect(json({ kind: 'x' }, ...many)).toBe(
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10002',
    );
  });
});

const pod = {
  metadata: { name: 'p', finalizers: ['ex.io/a'] },
  spec: {
    nodeSelector: { q: 'r', s: 't' },
    tolerations: [{ key: 'k', operator: 'Exists' }],
    containers: [
      {
        name: 'a',
        image: 'i:1',
        ports: [{ containerPort: 80 }],
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '2' },
        ],
      },
      { name: 'b', image: 'i:1' },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
  },
};

function strategic(patch: unknown, original: unknown = pod): unknown {
  const result = applyStrategicMergePatch(original, patch, 'v1.Pod');
  return result.ok ? result.value : result.error.message;
}

describe('strategic merge patch', () => {
  const containers = (patch: unknown): unknown =>
    (strategic({ spec: { containers: patch } }) as typeof pod).spec.containers;
  const spec = (patch: unknown): Record<string, unknown> =>
    (strategic({ spec: patch }) as { spec: Record<string, unknown> }).spec;

  it('merges list items by their key', () => {
    expect(containers([{ name: 'b', image: 'i:2' }])).toEqual([
      pod.spec.containers[0],
      { name: 'b', image: 'i:2' },
    ]);
  });

  it('puts new items first, as the real server does', () => {
    expect(containers([{ name: 'z', image: 'i:3' }])).toEqual([
      { name: 'z', image: 'i:3' },
      ...pod.spec.containers,
    ]);
  });

  it('deletes and replaces items', () => {
    expect(containers([{ name: 'b', $patch: 'delete' }])).toEqual([pod.spec.containers[0]]);
    expect(containers([{ $patch: 'replace' }, { name: 'only' }])).toEqual([{ name: 'only' }]);
    expect(containers([{ name: 'a', env: [{ name: 'X', $patch: 'delete' }] }])).toEqual([
      { ...pod.spec.containers[0], env: [{ name: 'Y', value: '2' }] },
      pod.spec.containers[1],
    ]);
  });

  it('replaces lists that do not merge, and maps when told', () => {
    expect(spec({ tolerations: [{ key: 'n' }] })['tolerations']).toEqual([{ key: 'n' }]);
    expect(spec({ nodeSelector: { $patch: 'replace', n: 'm' } })['nodeSelector']).toEqual({ n: 'm' });
    expect(spec({ nodeSelector: { $patch: 'delete' } })['nodeSelector']).toEqual({});
    expect(spec({ nodeSelector: { q: null } })['nodeSelector']).toEqual({ s: 't' });
    expect(spec({ nodeSelector: null })).not.toHaveProperty('nodeSelector');
  });

  it('orders by $setElementOrder', () => {
    const ordered = spec({
      '$setElementOrder/containers': [{ name: 'z' }, { name: 'b' }, { name: 'a' }],
      containers: [{ name: 'z' }],
    });
    expect((ordered['containers'] as { name: string }[]).map((one) => one.name)).toEqual(['z', 'b', 'a']);
    const sorted = spec({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] });
    expect((sorted['containers'] as { name: string }[]).map((one) => one.name)).toEqual(['b', 'a']);
    expect(
      strategic({
        spec: { '$setElementOrder/containers': [{ name: 'z' }], containers: [{ name: 'a', image: 'i:9' }] },
      }),
    ).toBe(
      "The order in patch list:\n[map[image:i:9 name:a]]\n doesn't match $setElementOrder list:\n[map[name:z]]\n",
    );
  });

  it('keeps only $retainKeys', () => {
    const { volumes } = spec({
      volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }],
    });
    expect(volumes).toEqual([{ name: 'v', configMap: { name: 'c' } }]);
  });

  it('merges and deletes scalars', () => {
    const finalizers = (patch: unknown): unknown =>
      (strategic({ metadata: patch }) as typeof pod).metadata.finalizers;
    expect(finalizers({ finalizers: ['ex.io/b'] })).toEqual(['ex.io/b', 'ex.io/a']);
    expect(finalizers({ '$deleteFromPrimitiveList/finalizers': ['ex.io/a'] })).toEqual([]);
  });

  it('needs the key', () => {
    expect(strategic({ spec: { containers: [{ image: 'x' }] } })).toBe(
      'map: map[image:x] does not contain declared merge key: name',
    );
  });

  it("merges the kubelet's conditions by type", () => {
    const original = {
      status: {
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'Initialized', status: 'True' },
        ],
      },
    };
    const patch = {
      status: {
        '$setElementOrder/conditions': [{ type: 'Initialized' }, { type: 'Ready' }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    };
    expect(strategic(patch, original)).toEqual({
      status: {
        conditions: [
          { type: 'Initialized', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
      },
    });
  });

  it('of an empty patch is the object itself', () => {
    expect(strategic({})).toEqual(pod);
  });
});
