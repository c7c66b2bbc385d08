import { Choices } from './random.ts';
import type { Step, UnaryStep } from './step.ts';
import type { Fields } from './wire.ts';

/** Random sequences of users, roles and permissions, and of what is asked under them: few of each, so that they meet. */

const users = ['root', 'u1', 'u2', 'u3'];
const roles = ['root', 'r1', 'r2', 'r3'];
const keys = ['a', 'a\0', 'ab', 'b', 'c', 'd', '\0', '\xff'];
const ends = ['a\0', 'b', 'c', 'd', '\0', '\xff'];
const leases = [1, 2];

/** The sequence of a seed: `length` times a step or a few that belong together. */
export function authSequence(seed: number, length: number): Step[] {
  const choices = new Choices(seed);
  return Array.from({ length }, () => turn(choices)).flat();
}

function turn(choices: Choices): Step[] {
  const call = (
    method: string,
    request: Fields = {},
    as = choices.one([...users, undefined]),
  ): UnaryStep => ({
    call: method,
    request,
    ...(as !== undefined && { as }),
  });
  const byRoot = (method: string, request: Fields = {}): Step => call(method, request, 'root');
  const user = (): string => choices.one(users);
  const role = (): string => choices.one(roles);
  const lease = (): number => choices.one(leases);
  const span = (): Fields => ({
    key: choices.one(keys),
    ...(choices.chance(0.6) && { range_end: choices.one(ends) }),
  });
  return choices.weighted<Step[]>([
    [4, () => [byRoot('Auth.UserAdd', { name: user(), password: 'p', ...noPassword(choices) })]],
    [2, () => [byRoot('Auth.UserDelete', { name: user() })]],
    [3, () => [byRoot('Auth.RoleAdd', { name: role() })]],
    [1, () => [byRoot('Auth.RoleDelete', { role: role() })]],
    [6, () => [byRoot('Auth.UserGrantRole', { user: user(), role: role() })]],
    [2, () => [byRoot('Auth.UserRevokeRole', { name: user(), role: role() })]],
    [
      8,
      () => [
        byRoot('Auth.RoleGrantPermission', { name: role(), perm: { permType: choices.below(3), ...span() } }),
      ],
    ],
    [3, () => [byRoot('Auth.RoleRevokePermission', { role: role(), ...span() })]],
    [1, () => [byRoot('Auth.AuthDisable')]],
    [2, () => [byRoot('Auth.AuthEnable')]],
    [1, () => [call('Auth.AuthEnable')]],
    [4, () => [call('Auth.RoleGet', { role: role() })]],
    [4, () => [call('Auth.UserGet', { name: user() })]],
    [2, () => [call('Auth.UserList'), call('Auth.RoleList'), byRoot('Auth.AuthStatus')]],
    [10, () => [logIn(user(), choices.chance(0.95) ? 'p' : 'x')]],
    [12, () => [call('KV.Range', span())]],
    [
      10,
      () => [
        call('KV.Put', {
          key: choices.one(keys),
          value: 'v',
          ...(choices.chance(0.2) && { prev_kv: true }),
          ...(choices.chance(0.2) && { lease: lease() }),
        }),
      ],
    ],
    [6, () => [call('KV.DeleteRange', { ...span(), ...(choices.chance(0.2) && { prev_kv: true }) })]],
    [
      6,
      () => [
        call('KV.Txn', {
          ...(choices.chance(0.5) && {
            compare: [{ ...span(), target: 0, result: choices.below(4), version: choices.below(3) }],
          }),
          success: [{ request_range: span() }],
          failure: [{ request_put: { key: choices.one(keys), value: 'x' } }],
        }),
      ],
    ],
    [2, () => [byRoot('Lease.LeaseGrant', { TTL: 1000, ID: lease() })]],
    [2, () => [call('Lease.LeaseTimeToLive', { ID: lease(), keys: true })]],
    [1, () => [call('Lease.LeaseRevoke', { ID: lease() }, user())]],
    [0.3, () => [{ restart: choices.one(['SIGTERM', 'SIGKILL']) }]],
  ]);
}

function logIn(name: string, password: string): Step {
  return { call: 'Auth.Authenticate', request: { name, password }, login: name };
}

/** Some users have none: they come by certificate only. */
function noPassword(choices: Choices): Fields {
  return choices.chance(0.1) ? { options: { no_password: true } } : {};
}
