import { must } from '../src/base/assert.ts';
import type { ApiObject } from '../src/api/types.ts';
import { decodeUtf8 } from '../src/base/bytes.ts';
import type { MemberObserver } from '../src/etcd/observer.ts';
import type { Store } from '../src/mvcc/store.ts';
import type { Event } from '../src/mvcc/types.ts';
import type { MemberId } from '../src/raft/types.ts';
import type { ObservationBus } from './observations.ts';

const registryPrefix = '/registry/';

/**
 * The eyes in the members: turns what they do into observations. Changes of the store are seen by a watcher of
 * the store itself, below everything that is judged: below the member's own watches and below Raft.
 */
export function observeMembers(bus: ObservationBus): MemberObserver {
  const watched = new WeakSet<Store>();
  let newestObject = 0;

  const watchStore = (member: MemberId, store: Store, startRevision: number): void => {
    watched.add(store);
    const request = { key: '\0', rangeEnd: '\0', prevKv: true, startRevision };
    store.watch(request, {
      events: (events) => {
        for (const [revision, changes] of byRevision(events)) {
          bus.emit({ type: 'revision-applied', member, revision, events: changes });
          if (revision <= newestObject) continue;
          newestObject = revision;
          for (const change of changes) emitObject(bus, change, revision);
        }
      },
      compacted: () => {},
    });
  };

  return {
    opened: (member, snapshot, entries) => bus.emit({ type: 'log-opened', member, snapshot, entries }),
    roleChanged: (member, role, term, leader) =>
      bus.emit({ type: 'role-changed', member, role, term, leader }),
    saved: (member, ready) => {
      if (ready.snapshot !== undefined) {
        bus.emit({ type: 'snapshot-saved', member, metadata: ready.snapshot.metadata });
      }
      if (ready.entries.length > 0) bus.emit({ type: 'entries-saved', member, entries: ready.entries });
    },
    applied: (member, entry, store) => {
      if (!watched.has(store)) {
        // The entry may have made this revision: catch up with it now, before anything else happens.
        watchStore(member, store, store.revision);
        store.syncWatchers();
      }
      bus.emit({ type: 'entry-applied', member, entry, stateHash: hashOf(store), revision: store.revision });
    },
    installed: (member, { metadata }, store) => {
      watchStore(member, store, store.revision + 1);
      const { revision } = store;
      bus.emit({
        type: 'snapshot-installed',
        member,
        index: metadata.index,
        stateHash: hashOf(store),
        revision,
      });
    },
  };
}

function hashOf(store: Store): string {
  const hash = store.hash();
  return must(hash.ok ? hash.value : undefined, 'the newest revision always has a hash');
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
