import type { Message } from '../raft/messages.ts';
import type { PeerMessage, Wire } from './peers.ts';
import type { TransferMessage } from './snapshot-transfer.ts';

/**
 * What comes over a link is anything until it is looked at: the shapes of what members say to each other. Members are trusted
 * to mean what they say; a link that brings something else is closed, and takes no process with it.
 */
type Check = (value: unknown) => boolean;
type Shape = readonly (readonly [field: string, check: Check])[];
type Checks = Readonly<Record<string, Check>>;
type Fields<T> = T extends unknown ? { readonly [K in Exclude<keyof T, 'type'>]: Check } : never;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const bytes: Check = (value) => value instanceof Uint8Array;
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** A flat list, as peer-codec.ts makes it: `checks` again and again. */
const repeated =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) &&
    value.length % checks.length === 0 &&
    value.every((one, i) => checks[i % checks.length]!(one));

const envelope = { from: text, to: text, term: count };

const raft: { readonly [T in Message['type']]: Fields<Extract<Message, { type: T }>> } = {
  MsgProp: { ...envelope, entries: repeated(count, bytes) },
  MsgApp: {
    ...envelope,
    index: count,
    logTerm: count,
    entries: repeated(count, count, bytes),
    commit: count,
  },
  MsgAppResp: { ...envelope, index: count, reject: flag, rejectHint: count, logTerm: count },
  MsgVote: { ...envelope, index: count, logTerm: count, transfer: flag },
  MsgVoteResp: { ...envelope, reject: flag, commit: count, commitTerm: count },
  MsgPreVote: { ...envelope, index: count, logTerm: count },
  MsgPreVoteResp: { ...envelope, reject: flag, commit: count, commitTerm: count },
  // It travels on a link of its own (snapshot-transfer.ts).
  MsgSnap: { ...envelope, snapshot: () => false },
  MsgHeartbeat: { ...envelope, commit: count, context: text },
  MsgHeartbeatResp: { ...envelope, context: text },
  MsgReadIndex: { ...envelope, context: text },
  MsgReadIndexResp: { ...envelope, context: text, index: count },
  MsgTransferLeader: { ...envelope, transferee: text },
  MsgTimeoutNow: envelope,
};

const conversation: {
  readonly [T in Exclude<PeerMessage['type'], 'raft'>]: Fields<Extract<PeerMessage, { type: T }>>;
} = {
  'lease-ask': {
    requestId: text,
    ask: (value) => value === 'renew' || value === 'remaining',
    leaseId: (value) => typeof value === 'bigint',
  },
  'lease-answer': { requestId: text, seconds: Number.isFinite },
  'hash-ask': { requestId: text, revision: count },
  'hash-answer': { requestId: text, hash: maybe(count), compactRevision: maybe(Number.isFinite) },
  'promote-ask': { requestId: text, memberId: text },
  'promote-answer': {
    requestId: text,
    refusal: maybe((value) => isObject(value) && text(value['code']) && text(value['message'])),
  },
};

const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const confState = shapeOf({
  voters: list(text),
  learners: list(text),
  votersOutgoing: maybe(list(text)),
  learnersNext: maybe(list(text)),
  autoLeave: maybe(flag),
});
const metadata = shapeOf({ index: count, term: count, confState: (value) => has(value, confState) });
const snapshot = shapeOf({ metadata: (value) => has(value, metadata), data: bytes });
const msgSnap = shapeOf({ ...envelope, snapshot: (value) => has(value, snapshot) });

const transfer: {
  readonly [T in TransferMessage['type']]: Fields<Extract<TransferMessage, { type: T }>>;
} = {
  begin: { message: (value) => has(value, msgSnap) },
  records: { records: repeated(count, count, bytes) },
  values: { values: list((value) => Array.isArray(value) && text(value[0]) && bytes(value[1])) },
  end: { count, crc: count },
};

const raftShapes = shapesOf(raft);
const transferShapes = shapesOf(transfer);
const conversationShapes = shapesOf(conversation);

function shapesOf(table: Readonly<Record<string, Checks>>): ReadonlyMap<unknown, Shape> {
  return new Map(Object.entries(table).map(([type, fields]) => [type, shapeOf(fields)]));
}

function shapeOf(fields: Checks): Shape {
  return Object.entries(fields);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export function isPeerMessage(value: unknown): value is Wire {
  if (!isObject(value)) return false;
  if (value['type'] !== 'raft') return fits(value, conversationShapes);
  return isObject(value['packed']) && fits(value['packed'], raftShapes);
}

export function isTransferMessage(value: unknown): value is TransferMessage {
  return isObject(value) && fits(value, transferShapes);
}

function fits(value: Readonly<Record<string, unknown>>, shapes: ReadonlyMap<unknown, Shape>): boolean {
  const shape = shapes.get(value['type']);
  return shape !== undefined && has(value, shape);
}

function has(value: unknown, shape: Shape): boolean {
  if (!isObject(value)) return false;
  for (const [field, check] of shape) if (!check(value[field])) return false;
  return true;
}
