/**
 * sim/: the other world. One process, one seed: virtual time, network, disks, clocks and processes for any
 * number of hosts, and faults at will. The same constructors run here as on real machines.
 *
 * Boundary: sees everything except platform/os and cli; no node:* and no real time, so that a whole world also
 * runs in a Web Worker. What it needs of the engine (a macrotask, a way to drain microtasks) is injected.
 *
 * Invariants
 *   S1  One seed, one history: two runs of a seed give the same trace hash, in any process and engine mode.
 *   S2  One event runs at a time, in order of (time, seeded order of hosts, sequence); microtasks drain after each.
 *   S3  Nothing of a life that has ended runs or settles again, and no promise of it is rejected.
 *   S4  Simulated code never waits for anything real: what schedules outside the loop is an AssertionError.
 *   S5  Random numbers come from streams named after their use, so that faults can be removed one by one.
 *   S6  Costs are proportional to what happens, never to what is stored: files and queues are not copied.
 *   S7  An error that nobody handles ends the run and is attributed to a host and a virtual time.
 */

import { assert, must } from '../src/base/assert.ts';
import type { Timer } from '../src/platform/clock.ts';
import type { Identity } from '../src/platform/network.ts';
import type { ClockSettings } from './clock.ts';
import { defaultDiskOptions, type DiskOptions } from './disk/host-disk.ts';
import {
  EventLoop,
  type Engine,
  type EventOwner,
  type EventLoopOptions,
  type RunFailure,
  type RunOptions,
  type RunResult,
} from './event-loop.ts';
import { FaultAtlas } from './fault-atlas.ts';
import { FaultHits } from './fault-hits.ts';
import { Host } from './host.ts';
import { LogBook, type LogLevel } from './logger.ts';
import { Fabric } from './network/fabric.ts';
import { defaultNetworkOptions, type NetworkOptions, type Path } from './network/path.ts';
import { defaultPrograms, type Program } from './programs.ts';
import { RandomStreams } from './random-streams.ts';
import { Trace, type RunRecord, type TraceOptions } from './trace.ts';

export interface WorldOptions {
  readonly seed: number | string;
  readonly engine: Engine;
  readonly network?: Partial<NetworkOptions>;
  /** For every host that does not say otherwise. */
  readonly disk?: Partial<DiskOptions>;
  /** Wall clocks differ by up to so much, either way. Default 20. */
  readonly clockOffsetMillisMax?: number;
  /** Oscillators are wrong by up to so many parts per million, either way. Default 20. */
  readonly clockDriftPpmMax?: number;
  readonly logLevel?: LogLevel;
  /** Told each line of every host's log, with its virtual time. */
  readonly onLog?: (line: string) => void;
  readonly trace?: TraceOptions;
  readonly loop?: EventLoopOptions;
}

export interface NewHost {
  /** What its certificate says; without one it has none to show. */
  readonly identity?: Identity;
  /** Addresses besides its name. */
  readonly addresses?: readonly string[];
  readonly disk?: Partial<DiskOptions>;
  readonly clock?: Partial<ClockSettings>;
}

export class World {
  readonly loop: EventLoop;
  readonly random: RandomStreams;
  readonly fabric: Fabric;
  /** What faults really did. */
  readonly hits = new FaultHits();
  /** Where faults may destroy what was promised to be kept. */
  readonly atlas = new FaultAtlas(this.hits);
  readonly logs: LogBook;
  /** Programs that hosts can spawn, by name; add to it before they do. */
  readonly programs: Map<string, Program> = defaultPrograms();
  readonly #options: WorldOptions;
  readonly #trace: Trace;
  readonly #hosts = new Map<string, Host>();

  constructor(options: WorldOptions) {
    this.#options = options;
    const trace = new Trace(options.trace);
    this.#trace = trace;
    this.random = new RandomStreams(options.seed, (value) => trace.draw(value));
    this.loop = new EventLoop(options.seed, options.engine, trace, options.loop);
    this.fabric = new Fabric(this.loop, this.random, this.hits, {
      ...defaultNetworkOptions,
      ...options.network,
    });
    this.logs = new LogBook(options.logLevel, undefined, options.onLog);
    this.loop.forgives = (owner, error) => this.#diesOfHarm(owner, error);
  }

  /** Virtual milliseconds since the world began. */
  get now(): number {
    return this.loop.nowMillis;
  }

  /** In the order in which they were added. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  get failure(): RunFailure | undefined {
    return this.loop.failure;
  }

  /** A new machine, switched on and with nothing running: `boot` starts something. */
  addHost(name: string, options: NewHost = {}): Host {
    assert(!this.#hosts.has(name), () => `there is a host ${name} already`);
    const random = this.random.stream(`clock/${name}`);
    const offset = this.#options.clockOffsetMillisMax ?? 20;
    const drift = this.#options.clockDriftPpmMax ?? 20;
    const clock = {
      offsetMillis: options.clock?.offsetMillis ?? random.between(-offset, offset),
      rate: options.clock?.rate ?? 1 + random.between(-drift, drift) / 1_000_000,
    };
    const host = new Host(name, this, {
      index: this.#hosts.size,
      identity: options.identity,
      clock,
      disk: { ...defaultDiskOptions, ...this.#options.disk, ...options.disk },
    });
    this.#hosts.set(name, host);
    this.fabric.addHost(host);
    for (const address of options.addresses ?? []) this.addAddress(host, address);
    return host;
  }

  /** @throws AssertionError when there is none */
  host(name: string): Host {
    return must(this.#hosts.get(name), () => `no host ${name}`);
  }

  /** Makes `address` lead to `host`: its own, or a pod's. */
  addAddress(host: Host, address: string): void {
    this.fabric.addAddress(host, address);
    host.addresses.add(address);
  }

  removeAddress(host: Host, address: string): void {
    this.fabric.removeAddress(address);
    host.addresses.delete(address);
  }

  /** The way from one host to another, for faults of one direction. */
  path(from: Host, to: Host): Path {
    return this.fabric.path(from, to);
  }

  /** Nothing passes between the two any more, either way. */
  cut(a: Host, b: Host): void {
    this.path(a, b).cut(this.now);
    this.path(b, a).cut(this.now);
  }

  /** Takes away everything that was done to the ways between the two. */
  heal(a: Host, b: Host): void {
    this.path(a, b).mend(this.now);
    this.path(b, a).mend(this.now);
  }

  /** Cuts every path between a host of `group` and one outside it. */
  partition(group: readonly Host[]): void {
    for (const a of group) {
      for (const b of this.hosts) if (!group.includes(b)) this.cut(a, b);
    }
  }

  /** Takes away everything that was done to the network. */
  healAll(): void {
    for (const path of this.fabric.paths()) path.mend(this.now);
  }

  /**
   * Takes every fault away from a host's disk, clock and code. What is lost or rotten stays so. A pause ends in its time,
   * and nothing boots by this.
   */
  mend(host: Host): void {
    host.disk.mend();
    host.clock.mend();
    host.points.mend();
    host.fuseEvents = 0;
  }

  /**
   * Beyond the promise a host whose disk was harmed may refuse in any way, as long as it is loud: its process ends, as it would
   * at sea, and the run goes on.
   */
  #diesOfHarm({ host: { index }, name }: EventOwner, error: unknown): boolean {
    const host = must(this.hosts[index]);
    if (!this.atlas.isUnlimited || !this.atlas.harmed.has(host)) return false;
    const message = error instanceof Error ? error.message : String(error);
    this.logs.add({
      atMillis: this.now,
      host: name,
      level: 'error',
      message: 'dies of harm',
      fields: { message },
    });
    this.hits.hit('died-of-harm');
    host.kill();
    return true;
  }

  /** An event of the world itself: what a nemesis or a scenario does at its time. */
  schedule(delayMillis: number, kind: string, fire: () => void): Timer {
    return this.loop.schedule(undefined, delayMillis, kind, fire);
  }

  /** Runs virtual time on. One run at a time. */
  run(options: RunOptions = {}): Promise<RunResult> {
    return this.loop.run(options);
  }

  /** Adds a detail of the running event to the trace, so that a difference in it shows in the hash. */
  trace(kind: string, host: Host | undefined, detail: string | number): void {
    this.#trace.detail(this.now, host?.index ?? -1, kind, detail);
  }

  traceHash(): string {
    return this.#trace.hash();
  }

  /** For compareRuns. */
  record(): RunRecord {
    return this.#trace.record();
  }
}
