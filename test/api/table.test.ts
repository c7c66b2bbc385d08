import { describe, expect, it } from 'vitest';

import { humanDuration } from '../../src/api/duration.ts';
import { pods } from '../../src/api/kinds/pods.ts';
import { builtinResources } from '../../src/api/resources.ts';
import { toTable } from '../../src/api/table.ts';
import { parseTime } from '../../src/api/time.ts';
import type { ApiObject } from '../../src/api/types.ts';
import { describeRecorded, recordedJson } from './recorded.ts';

describeRecorded('tables of recorded lists', () => {
  for (const name of ['events', 'namespaces', 'nodes', 'pods', 'services']) {
    it(name, () => {
      const resource = builtinResources.find((one) => one.resource === name)!;
      const { items } = recordedJson(`recorded/golden/list-api-v1-${name}.json`) as { items: ApiObject[] };
      const real = recordedJson(`recorded/golden/table-api-v1-${name}.json`) as {
        rows: { cells: unknown[] }[];
      };
      const ours = toTable(resource, items, { includeObject: 'None', now: 0 });
      const ages = new Set(['Age', 'Last Seen', 'First Seen']);
      const ageless = (cells: readonly unknown[]): unknown[] =>
        cells.map((cell, index) => (ages.has(resource.columns[index]!.name) ? 'age' : cell));
      expect(ours.rows.map((row) => ageless(row.cells))).toEqual(real.rows.map((row) => ageless(row.cells)));
    });
  }
});

describe('the status of a pod', () => {
  const now = parseTime('2026-01-01T01:00:00Z')!;
  const row = (parts: object): readonly unknown[] => {
    const pod = {
      metadata: { name: 'p', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [{ name: 'c' }] },
      ...parts,
    } as unknown as ApiObject;
    return toTable(pods, [pod], { includeObject: 'None', now }).rows[0]!.cells.slice(0, 5);
  };
  const status = (container: object, phase = 'Running'): object => ({
    status: { phase, containerStatuses: [{ name: 'c', ready: false, restartCount: 0, ...container }] },
  });

  it.each([
    ['Pending', { status: { phase: 'Pending' } }],
    ['ContainerCreating', status({ state: { waiting: { reason: 'ContainerCreating' } } }, 'Pending')],
    ['CrashLoopBackOff', status({ state: { waiting: { reason: 'CrashLoopBackOff' } } })],
    ['Completed', status({ state: { terminated: { exitCode: 0, reason: 'Completed' } } }, 'Succeeded')],
    ['Error', status({ state: { terminated: { exitCode: 1, reason: 'Error' } } }, 'Failed')],
    ['ExitCode:3', status({ state: { terminated: { exitCode: 3 } } }, 'Failed')],
    ['Signal:9', status({ state: { terminated: { exitCode: 137, signal: 9 } } }, 'Failed')],
    ['Evicted', { status: { phase: 'Failed', reason: 'Evicted' } }],
    [
      'Init:0/1',
      {
        spec: { containers: [{ name: 'c' }], initContainers: [{ name: 'i' }] },
        status: {
          phase: 'Pending',
          initContainerStatuses: [{ name: 'i', restartCount: 0, state: { running: {} } }],
        },
      },
    ],
  ])('%s', (expected, parts) => {
    expect(row(parts)).toEqual(['p', '0/1', expected, '0', '60m']);
  });

  it('is Terminating once deleted, and Completed stays', () => {
    const metadata = { name: 'p', deletionTimestamp: '2026-01-01T00:30:00Z' };
    expect(row({ metadata, ...status({ state: { running: {} }, ready: true }) })).toEqual([
      'p',
      '1/1',
      'Terminating',
      '0',
      '<unknown>',
    ]);
    const done = status({ state: { terminated: { exitCode: 0, reason: 'Completed' } } }, 'Succeeded');
    expect(row({ metadata, ...done })[2]).toBe('Completed');
  });

  it('says when it was last restarted', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:58:00Z' } };
    expect(row(status({ restartCount: 3, lastState, ready: true, state: { running: {} } }))[3]).toBe(
      '3 (2m ago)',
    );
  });

  it('carries the object as asked', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [] },
    } as unknown as ApiObject;
    const object = (includeObject: 'Metadata' | 'Object'): unknown =>
      toTable(pods, [pod], { includeObject, now }).rows[0]!.object;
    expect(object('Metadata')).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'p' },
    });
    expect(object('Object')).toEqual(pod);
    expect(
      toTable(pods, [], { includeObject: 'None', now, columnDefinitions: false }).columnDefinitions,
    ).toBeNull();
  });
});

describe('durations', () => {
  it.each([
    [-5, '<invalid>'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [185, '3m5s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [4 * 3600 + 60, '4h1m'],
    [9 * 3600, '9h'],
    [49 * 3600, '2d1h'],
    [9 * 86_400, '9d'],
    [800 * 86_400, '2y70d'],
    [9 * 365 * 86_400, '9y'],
  ])('%d s are %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });
});
