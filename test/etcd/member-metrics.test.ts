import { expect, it } from 'vitest';

import { addMemberMetrics, countLeaders } from '../../src/etcd/member-metrics.ts';
import { Metrics } from '../../src/etcd/metrics.ts';
import { Store } from '../../src/mvcc/store.ts';
import { memberId, noMember, term } from '../../src/raft/types.ts';

const empty = new Uint8Array(3);

function metricsOf(member: object): Metrics {
  const metrics = new Metrics();
  addMemberMetrics(metrics, member as Parameters<typeof addMemberMetrics>[1]);
  return metrics;
}

it('counts what the store does, within transactions too, and follows a store that a snapshot brings', () => {
  const member = { store: new Store(), auth: { revision: 1 }, id: memberId('a'), leader: noMember };
  const metrics = metricsOf(member);
  member.store.put({ key: 'k', value: empty });
  member.store.txn({
    compare: [],
    success: [
      { type: 'put', request: { key: 'l', value: empty } },
      { type: 'range', request: { key: 'k' } },
      { type: 'delete-range', request: { key: 'k' } },
    ],
    failure: [],
  });
  member.store.rangeRecords({ key: 'k' });
  for (const line of [
    'etcd_mvcc_put_total 2',
    'etcd_mvcc_range_total 2',
    'etcd_mvcc_delete_total 1',
    'etcd_mvcc_txn_total 1',
    'etcd_debugging_mvcc_total_put_size_in_bytes 8',
    'etcd_debugging_mvcc_keys_total 1',
    'etcd_server_has_leader 0',
    'etcd_server_id{server_id="a"} 1',
  ]) {
    expect(metrics.text()).toContain(`${line}\n`);
  }
  member.store = new Store();
  expect(metrics.text()).toContain('etcd_debugging_mvcc_keys_total 0\n');
});

it('counts leaders as they come, not as they go', () => {
  const metrics = new Metrics();
  const { roleChanged } = countLeaders(metrics, undefined);
  for (const leader of ['1', '', '1', '2', '2'].map((id) => (id === '' ? noMember : memberId(id)))) {
    roleChanged(memberId('1'), 'follower', term(1), leader);
  }
  expect(metrics.text()).toContain('etcd_server_leader_changes_seen_total 3\n');
});
