import { describe, expect, it } from 'vitest';

import { decideDependant, decideOwner } from '../../src/controllers/garbage-decision.ts';
import type { OwnerState } from '../../src/controllers/garbage-decision.ts';
import { ownedByWeb, pod, replicationController } from './builders.ts';

const deletionTimestamp = '2026-11-23T00:00:00Z';
const reference = ownedByWeb.ownerReferences![0]!;

describe('decideDependant', () => {
  it.each<[string, OwnerState[], string]>([
    ['keeps what has no owner', [], 'keep'],
    ['keeps what has its owner', ['present'], 'keep'],
    ['deletes what has lost its owner', ['absent'], 'delete'],
    ['deletes what has lost all owners', ['absent', 'absent'], 'delete'],
    ['keeps what one owner still holds, without the other', ['absent', 'present'], 'setOwners'],
    ['holds an unknown kind against nobody', ['unknown'], 'keep'],
    ['nor deletes beside one', ['absent', 'unknown'], 'setOwners'],
  ])('%s', (_name, states, action) => {
    const ownerReferences = states.map((_state, i) => ({ ...reference, uid: `owner-${i}` }));
    const decision = decideDependant(pod('p', { metadata: { ownerReferences } }), states);
    expect(decision.action).toBe(action);
    if (decision.action === 'setOwners') expect(decision.ownerReferences).toEqual([ownerReferences[1]]);
  });

  it('leaves what is going already', () => {
    const going = pod('p', { metadata: { ...ownedByWeb, deletionTimestamp } });
    expect(decideDependant(going, ['absent']).action).toBe('keep');
  });
});

describe('decideOwner', () => {
  const owner = (finalizers: readonly string[], going = true) => {
    const base = replicationController(1);
    return { ...base, metadata: { ...base.metadata, finalizers, ...(going ? { deletionTimestamp } : {}) } };
  };
  const dependants = [
    pod('a', { metadata: ownedByWeb }),
    pod('b', { metadata: { ...ownedByWeb, deletionTimestamp } }),
    pod('c', { metadata: { ownerReferences: [{ ...reference, blockOwnerDeletion: false }] } }),
  ];

  it('does nothing for an owner that stays or has no such finalizer', () => {
    expect(decideOwner(owner(['orphan'], false), dependants).action).toBe('keep');
    expect(decideOwner(owner(['example.com/mine']), dependants).action).toBe('keep');
  });

  it('orphans all', () => {
    expect(decideOwner(owner(['orphan']), dependants)).toEqual({ action: 'orphan', dependants });
  });

  it('deletes dependants first, and waits for those that block', () => {
    expect(decideOwner(owner(['foregroundDeletion']), dependants)).toEqual({
      action: 'deleteFirst',
      dependants: [dependants[0], dependants[2]],
      waitForCount: 2,
    });
  });
});
