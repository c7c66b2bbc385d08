import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { EndpointSlice, NewObject, Pod, Service } from '../../src/api/types.ts';
import { endpointsPerSliceMax, reconcileSlices } from '../../src/controllers/endpointslice-decision.ts';
import type { SliceChanges } from '../../src/controllers/endpointslice-decision.ts';
import { meta, pod, service } from './builders.ts';

const serving = (name: string, ip = '10.244.0.5'): Pod => pod(name, { node: 'n1', ready: true, ip });

let names = 0;

/** What the server holds after the changes are written. */
function apply(slices: readonly EndpointSlice[], changes: SliceChanges): EndpointSlice[] {
  // The server gives back its own order of keys, not the one that was sent.
  const named = ({ ports = [], ...slice }: NewObject<EndpointSlice>): EndpointSlice => ({
    ...slice,
    metadata: { ...meta(`web-${names++}`), ...slice.metadata },
    ports: ports.map((port) => Object.fromEntries(Object.entries(port).toReversed())),
  });
  return [
    ...slices
      .filter((slice) => !changes.delete.includes(slice))
      .map((slice) => changes.update.find(({ metadata }) => metadata.uid === slice.metadata.uid) ?? slice),
    ...changes.create.map(named),
  ];
}

const writesOf = ({ create, update, delete: remove }: SliceChanges): number[] => [
  create.length,
  update.length,
  remove.length,
];

describe('reconcileSlices', () => {
  it('makes a slice with what proxies need', () => {
    expect(reconcileSlices(service(), [serving('a')], []).create).toEqual([
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          generateName: 'web-',
          namespace: 'default',
          labels: {
            'kubernetes.io/service-name': 'web',
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          },
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'Service',
              name: 'web',
              uid: 'uid-of-web',
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: ['10.244.0.5'],
            conditions: { ready: true, serving: true, terminating: false },
            nodeName: 'n1',
            targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'uid-of-a' },
          },
        ],
        ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  const going = { deletionTimestamp: '2026-11-23T00:00:00Z' };
  it.each<[string, Pod, Partial<Service['spec']>, (boolean | undefined)[] | undefined]>([
    ['a ready pod', serving('a'), {}, [true, true, false]],
    ['a pod that is not ready', pod('a', { ip: '10.0.0.1' }), {}, [false, false, false]],
    [
      'a terminating pod still serves but is not ready',
      pod('a', { ip: '10.0.0.1', ready: true, metadata: going }),
      {},
      [false, true, true],
    ],
    [
      'publishNotReadyAddresses',
      pod('a', { ip: '10.0.0.1' }),
      { publishNotReadyAddresses: true },
      [true, true, false],
    ],
    ['a pod without an address', pod('a'), {}, undefined],
    ['a failed pod', pod('a', { ip: '10.0.0.1', phase: 'Failed' }), {}, undefined],
    ['an unselected pod', pod('a', { ip: '10.0.0.1', metadata: { labels: {} } }), {}, undefined],
  ])('conditions of %s', (_name, each, spec, expected) => {
    const endpoint = reconcileSlices(service(spec), [each], []).create[0]?.endpoints[0];
    const { ready, serving: serves, terminating } = endpoint?.conditions ?? {};
    expect(endpoint && [ready, serves, terminating]).toEqual(expected);
  });

  it.each<[string, number | string | undefined, unknown]>([
    ['by number', 9090, [{ name: '', port: 9090, protocol: 'TCP' }]],
    ['by the name in the pod', 'http', [{ name: '', port: 8080, protocol: 'TCP' }]],
    ['as the service port when not said', undefined, [{ name: '', port: 80, protocol: 'TCP' }]],
    ['not at all when the pod lacks the name', 'metrics', []],
  ])('resolves a target port %s', (_name, targetPort, expected) => {
    const ports = [{ port: 80, ...(targetPort === undefined ? {} : { targetPort }) }];
    expect(reconcileSlices(service({ ports }), [serving('a')], []).create[0]?.ports).toEqual(expected);
  });

  it('puts pods that resolve a port differently into different slices', () => {
    const other = pod('b', {
      ready: true,
      ip: '10.0.0.2',
      spec: { containers: [{ name: 'm', image: 'i', ports: [{ name: 'http', containerPort: 9999 }] }] },
    });
    const { create } = reconcileSlices(service(), [serving('a'), other], []);
    expect(create.map(({ ports }) => ports?.[0]?.port)).toEqual([8080, 9999]);
  });

  it('keeps one empty slice for a service without endpoints', () => {
    const empty = reconcileSlices(service(), [], []);
    expect(empty.create.map(({ endpoints, ports }) => [endpoints, ports])).toEqual([[[], []]]);
    const slices = apply([], reconcileSlices(service(), [serving('a')], []));
    expect(writesOf(reconcileSlices(service(), [], slices))).toEqual([0, 1, 0]);
  });

  it('splits at the bound, and fills what has room before making more', () => {
    const pods = Array.from({ length: endpointsPerSliceMax + 20 }, (_, i) => serving(`p${i}`, `10.0.0.${i}`));
    const slices = apply([], reconcileSlices(service(), pods, []));
    expect(slices.map(({ endpoints }) => endpoints.length)).toEqual([endpointsPerSliceMax, 20]);
    const changes = reconcileSlices(service(), [...pods, serving('new', '10.0.1.1')], slices);
    expect(writesOf(changes)).toEqual([0, 1, 0]);
    expect(changes.update[0]?.metadata.uid).toBe(slices[1]?.metadata.uid);
  });

  it('heals the duplicates that a stale cache made', () => {
    const first = apply([], reconcileSlices(service(), [serving('a')], []));
    const twice = apply(first, reconcileSlices(service(), [serving('a')], []));
    expect(twice).toHaveLength(2);
    expect(writesOf(reconcileSlices(service(), [serving('a')], twice))).toEqual([0, 0, 1]);
  });

  it('M1: says what the pods are after one write, and nothing after that', () => {
    const pods = fc
      .uniqueArray(fc.integer({ min: 0, max: 250 }), { maxLength: 250 })
      .chain((ids) =>
        fc.tuple(
          ...ids.map((id) =>
            fc.boolean().map((ready) => pod(`p${id}`, { ready, node: 'n', ip: `10.0.0.${id}` })),
          ),
        ),
      );
    fc.assert(
      fc.property(fc.array(pods, { minLength: 1, maxLength: 5 }), (history) => {
        let slices: EndpointSlice[] = [];
        for (const present of history) {
          slices = apply(slices, reconcileSlices(service(), present, slices));
          expect(writesOf(reconcileSlices(service(), present, slices))).toEqual([0, 0, 0]);
          const written = slices.flatMap(({ endpoints }) =>
            endpoints.map(({ targetRef }) => targetRef?.name),
          );
          expect(written.toSorted()).toEqual(present.map(({ metadata }) => metadata.name).toSorted());
          expect(slices.every(({ endpoints }) => endpoints.length <= endpointsPerSliceMax)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});
