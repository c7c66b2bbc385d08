import { Choices } from './random.ts';
import { deleteRequest, leases, putRequest, rangeRequest, span, survivable, txnRequest } from './sequence.ts';
import type { Step, UnaryStep } from './step.ts';
import type { Fields, Value } from './wire.ts';

/**
 * Random sequences of data while auth is on: a few users and roles that come, go and change under data that they read, write and watch.
 * Root does most of the administration, and everybody tries. Where 3.5.16 lets through what later ones do not, only root goes
 * (known-differences.ts): the two states would part.
 */

const passwords = { root: 'r', alice: 'a', bob: 'b' } as const;
type Somebody = keyof typeof passwords;
const somebodies: readonly Somebody[] = ['root', 'alice', 'bob'];
const commoners = ['alice', 'bob'] as const;
const roles = ['reader', 'writer', 'odd'];

const call = (method: string, request: Fields = {}, as?: string): UnaryStep => ({
  call: method,
  request,
  ...(as !== undefined && { as }),
});
const login = (name: string, password: string): Step => ({
  ...call('Auth.Authenticate', { name, password }),
  login: name,
});
const logins = somebodies.map((name) => login(name, passwords[name]));
const wide = { key: '\0', range_end: '\0' };

const enabled: readonly Step[] = [
  ...somebodies.map((name) => call('Auth.UserAdd', { name, password: passwords[name] })),
  ...['root', ...roles].map((name) => call('Auth.RoleAdd', { name })),
  call('Auth.UserGrantRole', { user: 'root', role: 'root' }),
  call('Auth.UserGrantRole', { user: 'alice', role: 'writer' }),
  call('Auth.RoleGrantPermission', { name: 'writer', perm: { permType: 2, ...wide } }),
  call('Auth.RoleGrantPermission', { name: 'reader', perm: { permType: 0, key: 'a', range_end: 'c' } }),
  call('Auth.AuthEnable'),
  ...logins,
];

/** At the end root looks at everything. */
const lastLook: readonly Step[] = [
  login('root', 'r'),
  call('Auth.AuthStatus', {}, 'root'),
  call('Auth.UserList', {}, 'root'),
  call('Auth.RoleList', {}, 'root'),
  ...commoners.map((name) => call('Auth.UserGet', { name }, 'root')),
  ...roles.map((role) => call('Auth.RoleGet', { role }, 'root')),
  call('KV.Range', wide, 'root'),
  call('Auth.AuthDisable', {}, 'root'),
];

export function guardedSequence(seed: number, length: number): Step[] {
  const choices = new Choices(seed);
  const steps: Step[] = [...enabled];
  const opened = somebodies.map((as): Step => ({ open: `of ${as}`, method: 'Watch.Watch', as }));
  steps.push(...opened);
  for (let i = 0; i < length; i++) {
    steps.push(
      ...choices.weighted<Step[]>([
        [30, () => [data(choices)]],
        [25, () => [administration(choices)]],
        [6, () => watch(choices)],
        [3, () => [authentication(choices)]],
        [2, () => logins],
        [0.6, () => [call('Auth.AuthDisable', {}, anybody(choices)), call('Auth.AuthStatus', {}, 'root')]],
        [1.5, () => [call('Auth.AuthEnable', {}, choices.chance(0.5) ? 'root' : undefined), ...logins]],
        // Tokens do not outlive their member.
        [0.2, () => [{ settle: true }, { restart: 'SIGKILL' }, ...logins, ...opened]],
      ]),
    );
    if (choices.chance(0.1)) steps.push({ settle: true });
  }
  return [...steps, ...lastLook];
}

function anybody(choices: Choices): string | undefined {
  return choices.weighted<string | undefined>([
    [4, () => 'root'],
    [3, () => 'alice'],
    [3, () => 'bob'],
    [0.5, () => 'stranger'],
    [0.5, () => undefined],
  ]);
}

function data(choices: Choices): Step {
  const as = anybody(choices);
  const step = anyData(choices, as);
  return step.as === 'root' ? step : { ...step, request: withProperRanges(step.request ?? {}) as Fields };
}

function anyData(choices: Choices, as: string | undefined): UnaryStep {
  return choices.weighted<UnaryStep>([
    [10, () => call('KV.Put', putRequest(choices), as)],
    [8, () => call('KV.Range', rangeRequest(choices), as)],
    [5, () => call('KV.DeleteRange', deleteRequest(choices), as)],
    // Nested ones, leases and previous values in them are not asked about in 3.5.16.
    [6, () => call('KV.Txn', survivable(txnRequest(choices, 3)), 'root')],
    [4, () => call('KV.Txn', flatTxn(choices), as)],
    [2, () => call('Lease.LeaseGrant', { TTL: 1000, ID: choices.one(leases) }, choices.one(somebodies))],
    [1, () => call('Lease.LeaseRevoke', { ID: choices.one(leases) }, choices.one(somebodies))],
    [
      1,
      () => call('Lease.LeaseTimeToLive', { ID: choices.one(leases), keys: true }, choices.one(somebodies)),
    ],
    [
      1,
      () =>
        call(
          'KV.Compact',
          { revision: { ref: 'revision', plus: -choices.below(8) }, physical: true },
          'root',
        ),
    ],
    [1, () => call('Maintenance.HashKV', { revision: { ref: 'revision' } }, 'root')],
  ]);
}

/**
 * May one read a range that ends before it begins, and so holds no key? What etcd's interval tree says depends on how it has
 * grown. Such a range becomes a key.
 */
function withProperRanges(value: Value): Value {
  if (Array.isArray(value)) return value.map((one: Value) => withProperRanges(one));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const { key, range_end, ...rest } = value as Fields;
  const empty = typeof range_end === 'string' && range_end !== '\0' && range_end <= String(key);
  return {
    ...(key !== undefined && { key }),
    ...(range_end !== undefined && !empty && { range_end }),
    ...Object.fromEntries(
      Object.entries(rest).map(([name, one]) => [name, one === undefined ? one : withProperRanges(one)]),
    ),
  } as Fields;
}

function flatTxn(choices: Choices): Fields {
  const { compare, success, failure } = survivable(txnRequest(choices, 1));
  const plain = (ops: unknown): Fields[] =>
    ((ops ?? []) as Fields[]).map((op) => {
      const put = op['request_put'] as Fields | undefined;
      if (put === undefined) return op;
      const { lease: _, prev_kv: __, ...rest } = put;
      return { request_put: rest };
    });
  return { ...(compare !== undefined && { compare }), success: plain(success), failure: plain(failure) };
}

function administration(choices: Choices): Step {
  const as = choices.chance(0.85) ? 'root' : anybody(choices);
  const name = choices.chance(0.95) ? choices.one(commoners) : 'root';
  const role = choices.chance(0.95) ? choices.one(roles) : choices.one(['root', 'nothing']);
  return choices.weighted<Step>([
    [
      8,
      () =>
        call(
          'Auth.RoleGrantPermission',
          { name: role, perm: { permType: choices.below(3), ...span(choices) } },
          as,
        ),
    ],
    [5, () => call('Auth.RoleRevokePermission', { role, ...span(choices) }, as)],
    [6, () => call('Auth.UserGrantRole', { user: name, role }, as)],
    [4, () => call('Auth.UserRevokeRole', { name, role }, as)],
    [1, () => call('Auth.UserDelete', { name }, as)],
    [3, () => call('Auth.UserAdd', { name, password: name.slice(0, 1) }, as)],
    [1, () => call('Auth.UserChangePassword', { name, password: choices.one(['a', 'b', 'x']) }, as)],
    [1, () => call('Auth.RoleDelete', { role }, as)],
    [3, () => call('Auth.RoleAdd', { name: role }, as)],
    [2, () => call('Auth.UserGet', { name }, anybody(choices))],
    [2, () => call('Auth.RoleGet', { role }, anybody(choices))],
    [1, () => call('Auth.UserList', {}, as)],
    [1, () => call('Auth.RoleList', {}, as)],
    [1, () => call('Auth.AuthStatus', {}, anybody(choices))],
  ]);
}

function authentication(choices: Choices): Step {
  const name = choices.one([...somebodies, 'stranger', '']);
  const password = choices.one(['r', 'a', 'b', 'x', '']);
  return call('Auth.Authenticate', { name, password });
}

/** Commoners ask for no range without an end: 3.5.16 checks its first key only (GHSA-xg4h-6gfc-h4m8). */
function watch(choices: Choices): Step[] {
  const who = choices.one(somebodies);
  const { range_end, ...one } = withProperRanges(span(choices)) as Fields;
  return [
    {
      send: `of ${who}`,
      request: {
        create_request: {
          ...one,
          ...(range_end !== undefined && (who === 'root' || range_end !== '\0') && { range_end }),
          ...(choices.chance(0.3) && {
            start_revision: { ref: 'revision', plus: -choices.below(4), least: 0 },
          }),
          ...(choices.chance(0.4) && { prev_kv: true }),
        },
      },
    },
    { settle: true },
  ];
}
