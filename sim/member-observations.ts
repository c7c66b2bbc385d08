import { must } from '../src/base/assert.ts';
import type { ApiObject } from '../src/api/types.ts';
import { decodeUtf8 } from '../src/base/bytes.ts';
import type { MemberObserver } from '../src/etcd/observer.ts';
import { decodeProposal } from '../src/etcd/proposal-codec.ts';
import type { Store } from '../src/mvcc/store.ts';
import type { Event } from '../src/mvcc/types.ts';
import type { Entry, Index, MemberId } from '../src/raft/types.ts';
import type { ObservationBus } from './observations.ts';

const registryPrefix = '/registry/';

/**
 * Entries between two hashes of a member's state: which entries they are follows from their index alone, so that all
 * members hash after the same ones. HashKV reads the whole store, so it is taken seldom, and more so of many keys.
 */
const stateHashEveryEntries = 16;
const hashKvEveryEntries = 256;
const fewKeys = 500;
const hashKvOfManyEveryEntries = 8192;

/**
 * The eyes in the members: turns what they do into observations. Changes of the store are seen by a watcher of
 * the store itself, below everything that is judged: below the member's own watches and below Raft.
 */
export function observeMembers(bus: ObservationBus): MemberObserver {
  const truth = new Truth(bus);
  const watched = new WeakSet<Store>();

  const watchStore = (member: MemberId, store: Store, startRevision: number): void => {
    watched.add(store);
    const request = { key: '\0', rangeEnd: '\0', prevKv: true, startRevision };
    store.watch(request, { events: (events) => truth.changed(member, events), compacted: () => {} });
  };

  return {
    opened: (member, snapshot, entries, hardState) =>
      bus.emit({ type: 'log-opened', member, snapshot, entries, hardState }),
    roleChanged: (member, role, term, leader) =>
      bus.emit({ type: 'role-changed', member, role, term, leader }),
    saved: (member, { snapshot, entries, hardState }) => {
      if (snapshot !== undefined) {
        bus.emit({ type: 'snapshot-saved', member, metadata: snapshot.metadata });
      }
      if (entries.length > 0) bus.emit({ type: 'entries-saved', member, entries });
      if (hardState !== undefined) bus.emit({ type: 'hard-state-saved', member, hardState });
    },
    sent: (member, message) => bus.emit({ type: 'message-sent', member, message }),
    applied: (member, entry, store, confState) => {
      if (!watched.has(store)) {
        // The entry may have made this revision: catch up with it now, before anything else happens.
        watchStore(member, store, store.revision);
        store.syncWatchers();
      }
      const { revision } = store;
      truth.applied(member, entry, store);
      bus.emit({ type: 'entry-applied', member, entry, revision, confState });
      if (entry.index % stateHashEveryEntries === 0) {
        bus.emit({ type: 'state-hashed', member, index: entry.index, hash: hashOf(store), revision });
      }
      const every = store.keyCount <= fewKeys ? hashKvEveryEntries : hashKvOfManyEveryEntries;
      if (entry.index % every === 0 && bus.wants('kv-hashed')) emitHashKv(bus, member, store);
    },
    installed: (member, { metadata }, store) => {
      watchStore(member, store, store.revision + 1);
      const { revision } = store;
      const hash = hashOf(store);
      bus.emit({ type: 'snapshot-installed', member, index: metadata.index, hash, revision });
      if (bus.wants('kv-hashed')) emitHashKv(bus, member, store);
    },
  };
}

/** What the first member to get somewhere finds there is the truth for all. */
class Truth {
  readonly #bus: ObservationBus;
  /** What the entry that is being applied has changed, if its member is the first there. */
  #changes: readonly Event[] = [];
  #newestRevision = 0;
  #newestIndex = 0 as Index;

  constructor(bus: ObservationBus) {
    this.#bus = bus;
  }

  changed(member: MemberId, events: readonly Event[]): void {
    const newest = events.at(-1)!.kv.modRevision;
    if (newest <= this.#newestRevision) return;
    for (const [revision, changes] of byRevision(events)) {
      if (revision <= this.#newestRevision) continue;
      this.#newestRevision = revision;
      this.#changes = changes;
      this.#bus.emit({ type: 'revision-applied', member, revision, events: changes });
      if (this.#bus.wants('object-changed')) {
        for (const change of changes) emitObject(this.#bus, change, revision);
      }
    }
  }

  applied(member: MemberId, { index, type, data }: Entry, store: Store): void {
    const events = this.#changes;
    this.#changes = [];
    if (index <= this.#newestIndex) return;
    this.#newestIndex = index;
    if (type !== 'normal' || data.length === 0 || !this.#bus.wants('request-applied')) return;
    const { request, auth } = decodeProposal(data);
    // Refused to whoever asked: the lease stands.
    if (request.type === 'lease-revoke' && store.lease(request.id) !== undefined) return;
    const { revision } = store;
    this.#bus.emit({ type: 'request-applied', member, index, request, auth, events, revision });
  }
}

function hashOf(store: Store): string {
  const hash = store.hash();
  return must(hash.ok ? hash.value : undefined, 'the newest revision always has a hash');
}

/**
 * A backend shows nothing of a step that is not finished, so the hash of this revision is taken when the batch of entries
 * is applied: before the event is over, and long before anything could scrub what it needs.
 */
function emitHashKv(bus: ObservationBus, member: MemberId, store: Store): void {
  const at = store.revision;
  queueMicrotask(() => {
    const started = store.hashKv(at);
    // The same batch compacted it away.
    if (!started.ok) return;
    const run = started.value;
    while (run.step(Infinity));
    const { revision, compactRevision, hash } = run;
    run.close();
    bus.emit({ type: 'kv-hashed', member, revision, compactRevision, hash });
  });
}

function byRevision(events: readonly Event[]): Map<number, Event[]> {
  const revisions = new Map<number, Event[]>();
  for (const event of events) {
    const list = revisions.get(event.kv.modRevision);
    if (list === undefined) revisions.set(event.kv.modRevision, [event]);
    else list.push(event);
  }
  return revisions;
}

/** Values under /registry/ are the objects' JSON. */
function emitObject(bus: ObservationBus, { type, kv, prevKv }: Event, revision: number): void {
  if (!kv.key.startsWith(registryPrefix)) return;
  const stored = type === 'delete' ? prevKv : kv;
  if (stored === undefined) return;
  const object: unknown = JSON.parse(decodeUtf8(stored.value));
  if (!isApiObject(object)) return;
  const change = type === 'delete' ? 'DELETED' : kv.version === 1 ? 'ADDED' : 'MODIFIED';
  bus.emit({ type: 'object-changed', change, object, revision });
}

function isApiObject(value: unknown): value is ApiObject {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value;
}
