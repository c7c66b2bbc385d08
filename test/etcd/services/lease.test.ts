import { expect, test } from 'vitest';

import * as pb from '../../../src/etcd/proto/rpc.ts';
import { Desk, settled } from './lone-member.ts';

const grant = [pb.LeaseGrantRequest, pb.LeaseGrantResponse] as const;

test('renewals wait while their client does not read the answers, and end in their order when it does', async () => {
  const desk = new Desk();
  for (const ID of [1n, 2n]) await desk.call('/etcdserverpb.Lease/LeaseGrant', grant, { ID, TTL: 60 });
  const call = desk.open('/etcdserverpb.Lease/LeaseKeepAlive', pb.LeaseKeepAliveRequest, []);
  const ids = (): bigint[] => call.decoded(pb.LeaseKeepAliveResponse).map(({ ID }) => ID);
  const renew = (ID: bigint): void => call.send(pb.LeaseKeepAliveRequest.encode({ ID }));
  call.full = true;
  for (let i = 0; i < 3; i++) for (const ID of [1n, 2n]) renew(ID);
  await settled();
  expect(ids()).toEqual([1n]);
  call.halfClose();
  call.drained();
  await settled();
  expect(ids()).toEqual([1n, 2n]);
  expect(call.status).toBeUndefined();
  call.full = false;
  call.drained();
  await call.ended;
  expect(ids()).toEqual([1n, 2n, 1n, 2n, 1n, 2n]);
});

test('a client that sends more renewals than it reads answers is turned away at a bound', async () => {
  const desk = new Desk();
  const call = desk.open('/etcdserverpb.Lease/LeaseKeepAlive', pb.LeaseKeepAliveRequest, []);
  call.full = true;
  for (let i = 0; i < 10_050; i++) call.send(pb.LeaseKeepAliveRequest.encode({ ID: 1n }));
  await expect(call.ended).rejects.toThrow('etcdserver: too many requests');
  expect(call.messages.length).toBeLessThan(2);
});
