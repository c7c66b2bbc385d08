import type { ApiObject } from '../../src/api/types.ts';
import type { MemberId } from '../../src/raft/types.ts';
import type { Host } from '../host.ts';
import type { KvOperation, KvOutcome } from '../kv-history.ts';
import type { PacketListener } from '../network/packet-tap.ts';
import type { Checker, Observation } from '../observations.ts';
import type { SimulationReport } from '../simulation.ts';
import type { StoreHosts } from '../store-hosts.ts';
import type { World } from '../world.ts';
import { messageText } from './message-text.ts';
import type {
  RecordedCache,
  RecordedCall,
  RecordedHost,
  RecordedLog,
  RecordedMessage,
  RecordedPod,
  RecordedPower,
  RecordedProgress,
  RecordedRole,
  RecordedStep,
  RecordedWatch,
  Recording,
} from './recording.ts';

/** More than this of one kind is not kept: a page must stay a page. */
const recordsMax = 200_000;
/** Entries whose terms are kept of one append. */
const termsMax = 2000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Writes down a run to be looked at. It sees what the judges see, and the packets. It changes nothing: a run that is recorded has
 * the trace hash of one that is not.
 */
export class Recorder implements Checker, PacketListener {
  readonly name = 'recorder';
  readonly #world: World;
  readonly #store: () => StoreHosts;
  readonly #scenario: string;
  readonly #hosts: RecordedHost[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
  readonly #roles: RecordedRole[] = [];
  readonly #power: RecordedPower[] = [];
  readonly #progress: RecordedProgress[] = [];
  readonly #logs: RecordedLog[] = [];
  readonly #messages: Writable<RecordedMessage>[] = [];
  readonly #calls: Writable<RecordedCall>[] = [];
  readonly #watches: RecordedWatch[] = [];
  readonly #steps: RecordedStep[] = [];
  readonly #pods: RecordedPod[] = [];
  readonly #caches: RecordedCache[] = [];
  readonly #left = new Set<string>();
  readonly #open = new Map<string, Writable<RecordedCall>>();
  #newestVersion = 0;

  /** `scenario`: as a file; `store`: asked for once the world is set up. */
  constructor(world: World, store: () => StoreHosts, scenario: string) {
    this.#world = world;
    this.#store = store;
    this.#scenario = scenario;
    world.fabric.tap.listener = this;
  }

  observe(seen: Observation): undefined {
    const { atMillis: at } = seen;
    switch (seen.type) {
      case 'role-changed': {
        const { role, term, leader } = seen;
        const host = this.#hostOf(seen.member);
        this.#keep(this.#roles, { at, host, role, term, leader: this.#hostOf(leader) }, 'roles');
        break;
      }
      case 'log-opened':
        this.#keep(this.#power, { at, host: this.#hostOf(seen.member), up: true }, 'restarts');
        this.#log(at, seen.member, seen.snapshot.index + 1, seen.entries, seen.snapshot.index);
        break;
      case 'entries-saved':
        this.#log(at, seen.member, seen.entries[0]!.index, seen.entries);
        break;
      case 'snapshot-saved':
        this.#log(at, seen.member, seen.metadata.index + 1, [], seen.metadata.index);
        break;
      case 'entry-applied':
      case 'hard-state-saved':
        this.#follow(at, seen.member);
        break;
      case 'client-call': {
        const { client, operation } = seen;
        const call = {
          client,
          called: at,
          returned: -1,
          operation: operationText(operation),
          key: 'key' in operation ? operation.key : '',
          outcome: 'never heard of',
          revision: 0,
        };
        this.#open.set(client, call);
        this.#keep(this.#calls, call, 'client calls');
        break;
      }
      case 'client-return': {
        const call = this.#open.get(seen.client);
        if (call === undefined) break;
        this.#open.delete(seen.client);
        call.outcome = outcomeText(seen.outcome);
        if (seen.outcome.type !== 'unknown') call.returned = at;
        if ('revision' in seen.outcome) call.revision = seen.outcome.revision;
        break;
      }
      case 'watch-started':
        this.#watch({ at, watch: seen.watch, what: 'started', revision: seen.afterRevision });
        break;
      case 'watch-events': {
        const { watch, revision, events } = seen;
        this.#watch({ at, watch, what: 'events', revision, events: events.length });
        break;
      }
      case 'watch-progress':
        this.#watch({ at, watch: seen.watch, what: 'progress', revision: seen.revision });
        break;
      case 'watch-ended':
        this.#watch({ at, watch: seen.watch, what: 'ended', revision: 0 });
        break;
      case 'object-changed':
        this.#newestVersion = seen.revision;
        if (seen.object.kind === 'Pod') this.#pod(at, seen.object, seen.change === 'DELETED');
        break;
      case 'cache-moved': {
        const { cache, resourceVersion: version } = seen;
        this.#keep(this.#caches, { at, cache, version, newest: this.#newestVersion }, 'caches');
        break;
      }
      default:
    }
    return undefined;
  }

  finish(): undefined {
    return undefined;
  }

  /** A step of the timeline was done. */
  step(action: string, hosts: readonly Host[]): void {
    const at = this.#world.now;
    this.#steps.push({ at, action, hosts: hosts.map(({ name }) => this.#index(name)) });
    for (const host of hosts) this.#lookAt(at, host);
  }

  sent(from: string, to: string, item: unknown): number {
    const { kind, detail } = messageText(item);
    const known = this.#kinds.get(kind) ?? this.#kinds.size;
    this.#kinds.set(kind, known);
    const at = this.#world.now;
    const message = { at, from: this.#index(from), to: this.#index(to), kind: known, arrived: -1 };
    const kept = this.#keep(this.#messages, detail === '' ? message : { ...message, detail }, 'messages');
    return kept ? this.#messages.length - 1 : -1;
  }

  arrived(packet: number): void {
    const message = this.#messages[packet];
    if (message !== undefined) message.arrived = this.#world.now;
  }

  recording(report: SimulationReport): Recording {
    return {
      version: 1,
      scenario: this.#scenario,
      report,
      violations: report.violations,
      endMillis: report.simulatedMillis,
      hosts: this.#hosts,
      kinds: [...this.#kinds.keys()],
      roles: this.#roles,
      power: this.#power,
      progress: this.#progress,
      logs: this.#logs,
      messages: this.#messages,
      calls: this.#calls,
      watches: this.#watches,
      steps: this.#steps,
      pods: this.#pods,
      caches: this.#caches,
      left: [...this.#left],
    };
  }

  #keep<T>(records: T[], record: T, what: string): boolean {
    if (records.length < recordsMax) {
      records.push(record);
      return true;
    }
    this.#left.add(`only the first ${recordsMax} ${what} are here`);
    return false;
  }

  #watch(record: RecordedWatch): void {
    this.#keep(this.#watches, record, 'watch events');
  }

  #log(
    at: number,
    member: MemberId,
    first: number,
    entries: readonly { readonly term: number }[],
    snapshot?: number,
  ): void {
    const kept = entries.slice(-termsMax);
    if (kept.length < entries.length)
      this.#left.add(`of long logs only the last ${termsMax} entries are here`);
    const record = {
      at,
      host: this.#hostOf(member),
      first: first + entries.length - kept.length,
      terms: kept.map(({ term }) => term),
    };
    this.#keep(this.#logs, snapshot === undefined ? record : { ...record, snapshot }, 'changes of logs');
    this.#follow(at, member);
  }

  /** How far a member is, if it has moved. */
  #follow(at: number, id: MemberId): void {
    const host = this.#hostOf(id);
    const member = this.#store().member(this.#world.hosts[host]!);
    if (member === undefined) return;
    const { raftIndex: last, revision } = member.status();
    const { committed, applied } = member;
    const before = this.#progress.findLast((one) => one.host === host);
    if (before?.last === last && before.committed === committed && before.applied === applied) return;
    this.#keep(this.#progress, { at, host, last, committed, applied, revision }, 'steps of members');
  }

  /** What a step did to a host's power. */
  #lookAt(at: number, host: Host): void {
    const index = this.#index(host.name);
    if (!host.isUp) this.#keep(this.#power, { at, host: index, up: false }, 'restarts');
    else if (host.pausedUntilMillis > at) {
      const pausedUntil = host.pausedUntilMillis;
      this.#keep(this.#power, { at, host: index, up: true, pausedUntil }, 'restarts');
    }
  }

  #pod(at: number, object: ApiObject, gone: boolean): void {
    const { metadata, spec, status } = object as ApiObject & {
      readonly spec?: { readonly nodeName?: string };
      readonly status?: { readonly phase?: string };
    };
    const pod = `${metadata.namespace}/${metadata.name}`;
    const phase = gone ? '' : (status?.phase ?? 'Pending');
    this.#keep(this.#pods, { at, pod, node: spec?.nodeName ?? '', phase }, 'changes of pods');
  }

  #index(name: string): number {
    // All that there are, in the world's order: hosts are added while a world is set up.
    while (this.#hosts.length < this.#world.hosts.length) {
      const { name: next } = this.#world.hosts[this.#hosts.length]!;
      this.#indexes.set(next, this.#hosts.length);
      const kind = /^(server|agent)-/.exec(next)?.[1] as 'server' | 'agent' | undefined;
      this.#hosts.push({ name: next, kind: kind ?? 'client' });
    }
    return this.#indexes.get(name) ?? -1;
  }

  #hostOf(member: MemberId): number {
    return this.#index(this.#store().withNames(member));
  }
}

function operationText(operation: KvOperation): string {
  const { type } = operation;
  if (type === 'put') return `put ${operation.key} = ${operation.value}`;
  if (type === 'cas') return `cas ${operation.key} from ${operation.from ?? 'nothing'} to ${operation.to}`;
  return 'key' in operation ? `${type} ${operation.key}` : type;
}

function outcomeText(outcome: KvOutcome): string {
  switch (outcome.type) {
    case 'got':
      return outcome.value === undefined ? 'nothing' : outcome.value;
    case 'cas':
      return outcome.succeeded ? 'done' : 'another value';
    case 'deleted':
      return `${outcome.count} deleted`;
    case 'put':
      return 'done';
    default:
      return outcome.type;
  }
}
