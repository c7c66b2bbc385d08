import type { Answer, StreamLog } from './side.ts';
import type { Step } from './step.ts';
import type { Fields, Value } from './wire.ts';

/**
 * What two servers cannot have in common is masked: that it is there is compared, not what it is. `about` is for seconds
 * that tick between the two calls.
 */
const masks: Readonly<Record<string, 'any' | 'about'>> = {
  cluster_id: 'any',
  member_id: 'any',
  raft_term: 'any',
  memberID: 'any',
  token: 'any',
  dbSize: 'any',
  dbSizeInUse: 'any',
  leader: 'any',
  raftIndex: 'any',
  raftTerm: 'any',
  raftAppliedIndex: 'any',
  remaining_bytes: 'any',
  blob: 'any',
};
/** Masked in answers of one type only. */
const masksOfType: Readonly<Record<string, readonly string[]>> = {
  Member: ['ID', 'peerURLs', 'clientURLs'],
  HashResponse: ['hash'],
  StatusResponse: ['version'],
};
const aboutMax = 10;
const timedOut = 'context deadline exceeded';
const transferTimedOut = 'etcdserver: request timed out, leader transfer took too long';
const secondsThatTick: ReadonlySet<string> = new Set(['LeaseTimeToLiveResponse', 'LeaseKeepAliveResponse']);

/** A number that may differ from the other side's by what it takes one of them to start again on a busy machine. */
export interface About {
  readonly about: number;
}

/** The answer as it is compared. */
export function normalizeAnswer(step: Step, answer: Answer): unknown {
  if ('status' in answer) {
    const { status, headers, body } = answer;
    return { status, headers, body: normalizeBody(body) };
  }
  // Google's protobuf begins its sentences with either kind of space, by a hash of the binary that it is in.
  if ('code' in answer && answer.message.includes('proto:\u00A0'))
    return { ...answer, message: answer.message.replaceAll('proto:\u00A0', 'proto: ') };
  // Whether the client or the server notices first that time is up is a matter of luck.
  if ('code' in answer)
    return answer.message.startsWith('Deadline exceeded') || answer.message === transferTimedOut
      ? { code: 4, message: timedOut }
      : answer;
  const masked = maskValue(answer.type, answer.ok);
  return answer.type === 'RangeResponse' && 'call' in step
    ? orderTies(step.request ?? {}, masked as Record<string, unknown>)
    : masked;
}

/**
 * A stream's messages as they are compared. What a watcher was told is compared watcher by watcher, because servers promise
 * no order between watchers and pack events into responses as they like; the order of one watcher's events, and where
 * among them it was created, told of progress and cancelled, is promised.
 */
export function normalizeStream(log: StreamLog): unknown {
  const ended = log.ended === undefined ? {} : { ended: log.ended };
  if (log.type !== 'WatchResponse') {
    return { messages: log.messages.map((message) => maskValue(log.type, message)), ...ended };
  }
  const watchers: Record<string, unknown[]> = {};
  for (const message of log.messages) {
    const { events, watch_id: id = 0, fragment: _, header, ...rest } = message;
    const told = (watchers[`watch ${String(id)}`] ??= []);
    for (const event of (events ?? []) as Fields[]) told.push(event);
    if (events === undefined)
      told.push({ revision: (header as Fields | undefined)?.['revision'] ?? 0, ...rest });
  }
  return { ...watchers, ...ended };
}

/** What is wrong with a watch stream by itself, whatever the other server did: the promises of etcd's API. */
export function watchFault(log: StreamLog): string | undefined {
  const newest = new Map<Value, number>();
  for (const message of log.messages) {
    const id = message['watch_id'] ?? 0;
    const revision = Number((message['header'] as Fields | undefined)?.['revision'] ?? 0);
    for (const event of (message['events'] ?? []) as Fields[]) {
      const changed = Number((event['kv'] as Fields)['mod_revision']);
      if (changed < (newest.get(id) ?? 0)) return `watcher ${String(id)} goes back to ${changed}`;
      if (changed > revision)
        return `watcher ${String(id)} is told of ${changed} under a header of ${revision}`;
      newest.set(id, changed);
    }
    if (message['events'] === undefined && message['created'] !== true && revision > 0) {
      if (revision < (newest.get(id) ?? 0))
        return `watcher ${String(id)} is told of progress to ${revision} after more`;
    }
  }
  return undefined;
}

function maskValue(type: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => maskValue(type, one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Fields).map(([name, one]) => [name, maskField(type, name, one)]),
  );
}

function maskField(type: string, name: string, value: unknown): unknown {
  if (masks[name] === 'any' || masksOfType[type]?.includes(name) === true) return '#';
  // Where etcd keeps a map, it has no order.
  if (type === 'LeaseTimeToLiveResponse' && name === 'keys') return (value as string[]).toSorted();
  if (name === 'alarms' || name === 'errors') return sorted(maskValue(type, value));
  // Members come by their ids, which only one server has.
  if (name === 'members') return sorted(maskValue('Member', value));
  if (name === 'TTL' && secondsThatTick.has(type)) return { about: Number(value) } satisfies About;
  return maskValue(name === 'member' ? 'Member' : type, value);
}

function sorted(values: unknown): unknown {
  return (values as unknown[]).toSorted((a, b) => (show(a) < show(b) ? -1 : 1));
}

/** Go's sort is not stable: keys that tie by version, revision or value may come in any order. */
function orderTies(request: Fields, response: Record<string, unknown>): unknown {
  const target = [undefined, 'version', 'create_revision', 'mod_revision', 'value'][
    Number(request['sort_target'] ?? 0)
  ];
  const kvs = response['kvs'] as Fields[] | undefined;
  if (target === undefined || kvs === undefined) return response;
  if (Number(request['limit'] ?? 0) > 0) {
    // Which of those that tie is within the limit is open too.
    return { ...response, kvs: kvs.map((kv) => kv[target] ?? 0) };
  }
  const runs: Fields[][] = [];
  for (const kv of kvs) {
    const last = runs.at(-1);
    if (last !== undefined && last[0]![target] === kv[target]) last.push(kv);
    else runs.push([kv]);
  }
  return {
    ...response,
    kvs: runs.flatMap((run) => run.toSorted((a, b) => (String(a['key']) < String(b['key']) ? -1 : 1))),
  };
}

/** JSON as data, numbers and names that only one server can know masked; a streamed answer line by line. */
function normalizeBody(body: string): unknown {
  const read = (text: string): unknown => {
    try {
      // Google's protobuf begins its sentences with either kind of space, by a hash of the binary that it is in.
      return maskJson('', JSON.parse(text.replaceAll('proto:\u00A0', 'proto: ')) as unknown);
    } catch {
      return text;
    }
  };
  const lines = body.split('\n').filter((line) => line !== '');
  // The checks behind /readyz?verbose run in a map's order.
  if (/^\[[+-]\]/.test(body)) return lines.toSorted();
  return lines.length > 1 && lines.every((line) => line.startsWith('{')) ? lines.map(read) : read(body);
}

function maskJson(type: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => maskJson(type, one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (masks[name] === 'any' || (type === 'Member' && masksOfType['Member']!.includes(name)))
        return [name, '#'];
      const masked = maskJson(name === 'members' || name === 'member' ? 'Member' : type, one as unknown);
      return [name, name === 'members' ? sorted(masked) : masked];
    }),
  );
}

/** Puts names for ids that the server chose itself, wherever they stand, also as hex in keys of locks and elections. */
export function nameBound(value: unknown, bindings: ReadonlyMap<string, Value>): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') {
    if (value < 2 ** 32) return value;
    for (const [name, bound] of bindings) if (bound === value) return `<${name}>`;
    return value;
  }
  if (typeof value === 'string') {
    let text = value;
    for (const [name, bound] of bindings) {
      if (typeof bound === 'string') text = text.replaceAll(bound, `<${name}>`);
      else if (Number(bound) >= 2 ** 32) {
        const id = bound as number | bigint;
        text = text.replaceAll(id.toString(16), `<${name}>`).replaceAll(String(id), `<${name}>`);
      }
    }
    return text;
  }
  if (Array.isArray(value)) return value.map((one) => nameBound(one, bindings));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, nameBound(one, bindings)]));
}

/** Where two normalised answers differ first, as a path with both values; undefined when they do not. */
export function firstDifference(left: unknown, right: unknown, path = ''): string | undefined {
  if (Object.is(left, right)) return undefined;
  if (isAbout(left) && isAbout(right) && Math.abs(left.about - right.about) <= aboutMax) return undefined;
  if (typeof left === 'object' && typeof right === 'object' && left !== null && right !== null) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    for (const name of names) {
      const found = firstDifference(
        (left as Record<string, unknown>)[name],
        (right as Record<string, unknown>)[name],
        `${path}.${name}`,
      );
      if (found !== undefined) return found;
    }
    return Array.isArray(left) === Array.isArray(right) ? undefined : `${path}: a list and an object`;
  }
  return `${path === '' ? 'answer' : path.slice(1)}: ${show(left)} and ${show(right)}`;
}

function isAbout(value: unknown): value is About {
  return typeof value === 'object' && value !== null && 'about' in value;
}

/** For people: one line, bytes visible. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? 'nothing';
}
