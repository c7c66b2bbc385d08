import type { Violation } from '../observations.ts';
import type { SimulationReport } from '../simulation.ts';

/**
 * A run as it is looked at: plain data, JSON, in order of time. Times are virtual milliseconds. Hosts are told by their place in
 * `hosts`, kinds of messages by theirs in `kinds`.
 */
export interface Recording {
  readonly version: 1;
  /** The scenario as a file. */
  readonly scenario: string;
  readonly report: SimulationReport;
  readonly violations: readonly Violation[];
  readonly endMillis: number;
  readonly hosts: readonly RecordedHost[];
  readonly kinds: readonly string[];
  readonly roles: readonly RecordedRole[];
  readonly power: readonly RecordedPower[];
  readonly progress: readonly RecordedProgress[];
  readonly logs: readonly RecordedLog[];
  readonly messages: readonly RecordedMessage[];
  readonly calls: readonly RecordedCall[];
  readonly watches: readonly RecordedWatch[];
  readonly steps: readonly RecordedStep[];
  readonly pods: readonly RecordedPod[];
  readonly caches: readonly RecordedCache[];
  /** What is not all there, in sentences: the run was too long for a page. */
  readonly left: readonly string[];
}

/** What the page of `drydock sim view` is made with. */
export interface PageData {
  readonly recording: Recording;
  /** Manifests that the scenario names, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The steps of the timeline, a line each. */
  readonly steps: readonly string[];
  /** The simulator as a script for a Web Worker. */
  readonly worker: string;
}

export interface RecordedHost {
  readonly name: string;
  readonly kind: 'server' | 'agent' | 'client';
}

export interface RecordedRole {
  readonly at: number;
  readonly host: number;
  readonly role: string;
  readonly term: number;
  /** Whom it follows; -1: nobody. */
  readonly leader: number;
}

/** A host goes down or comes up, or is paused until a time. */
export interface RecordedPower {
  readonly at: number;
  readonly host: number;
  readonly up: boolean;
  readonly pausedUntil?: number;
}

/** How far a member is: the last index of its durable log, what it knows to be committed, what it has applied, its revision. */
export interface RecordedProgress {
  readonly at: number;
  readonly host: number;
  readonly last: number;
  readonly committed: number;
  readonly applied: number;
  readonly revision: number;
}

/** From `first` on a member's durable log is this: the term of each entry. */
export interface RecordedLog {
  readonly at: number;
  readonly host: number;
  readonly first: number;
  readonly terms: readonly number[];
  /** It begins behind a snapshot of this index. */
  readonly snapshot?: number;
}

export interface RecordedMessage {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  /** -1: never. */
  readonly arrived: number;
  readonly detail?: string;
}

/** A client's operation. `returned` -1: it never heard. */
export interface RecordedCall {
  readonly client: string;
  readonly called: number;
  readonly returned: number;
  readonly operation: string;
  readonly key: string;
  readonly outcome: string;
  readonly revision: number;
}

export interface RecordedWatch {
  readonly watch: string;
  readonly at: number;
  readonly what: 'started' | 'events' | 'progress' | 'ended';
  readonly revision: number;
  readonly events?: number;
}

export interface RecordedStep {
  readonly at: number;
  readonly action: string;
  readonly hosts: readonly number[];
}

/** A pod is on `node` ('' none) in `phase`; '' when it is gone. */
export interface RecordedPod {
  readonly at: number;
  readonly pod: string;
  readonly node: string;
  readonly phase: string;
}

/** A component's cache has come to a resource version; the newest of the store then. */
export interface RecordedCache {
  readonly at: number;
  readonly cache: string;
  readonly version: number;
  readonly newest: number;
}
