import { assert, must } from '../src/base/assert.ts';
import type { Identity } from '../src/platform/network.ts';
import type { Platform } from '../src/platform/platform.ts';
import { HostClock, SimulatedClock, type ClockSettings } from './clock.ts';
import { HostDisk, type DiskOptions } from './disk/host-disk.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import type { EventHost, EventLoop } from './event-loop.ts';
import type { FaultHits } from './fault-hits.ts';
import { HostFaultPoints, LifeFaultPoints } from './fault-points.ts';
import { LifeRandom } from './life-random.ts';
import { Life } from './life.ts';
import { SimulatedLogger, type LogBook } from './logger.ts';
import type { Fabric, NetworkHost } from './network/fabric.ts';
import { SimulatedNetwork } from './network/simulated-network.ts';
import { ProcessTable, SimulatedProcesses, type ProcessHost } from './processes.ts';
import type { Program } from './programs.ts';
import type { RandomStreams } from './random-streams.ts';

/**
 * What runs on a host: it may return once everything is set up, and the host goes on living. `signal` asks it
 * to stop in good order; a crash asks nothing.
 */
export type HostMain = (platform: Platform, signal: AbortSignal) => void | Promise<void>;

/** What hosts share. */
export interface HostWorld {
  readonly loop: EventLoop;
  readonly random: RandomStreams;
  readonly fabric: Fabric;
  readonly hits: FaultHits;
  readonly logs: LogBook;
  readonly programs: ReadonlyMap<string, Program>;
}

export interface HostOptions {
  readonly index: number;
  readonly identity: Identity | undefined;
  readonly clock: ClockSettings;
  readonly disk: DiskOptions;
}

/** One simulated machine: its disk and clock stay, its lives come and go. */
export class Host implements NetworkHost, EventHost, ProcessHost {
  readonly name: string;
  readonly index: number;
  readonly identity: Identity | undefined;
  readonly addresses = new Set<string>();
  readonly clock: HostClock;
  readonly disk: HostDisk;
  /** The crash points that are armed, and the rare branches that are active. */
  readonly points: HostFaultPoints;
  fuseEvents = 0;
  readonly processes: ProcessTable;
  readonly #world: HostWorld;
  #main: HostMain | undefined;
  #life: Life | undefined;
  #platform: Platform | undefined;
  #stopping: AbortController | undefined;
  #hasPower = true;
  #epoch = 0;
  #lives = 0;
  #pausedUntilMillis = 0;

  constructor(name: string, world: HostWorld, options: HostOptions) {
    this.name = name;
    this.index = options.index;
    this.identity = options.identity;
    this.#world = world;
    const { loop, random, hits } = world;
    this.clock = new HostClock(this, loop, hits, options.clock);
    this.disk = new HostDisk(options.disk, loop, random.stream(`disk/${name}`), hits);
    this.points = new HostFaultPoints(name, random, hits);
    this.processes = new ProcessTable(this);
  }

  get hasPower(): boolean {
    return this.#hasPower;
  }

  get pausedUntilMillis(): number {
    return this.#pausedUntilMillis;
  }

  get programs(): ReadonlyMap<string, Program> {
    return this.#world.programs;
  }

  /** Whether its main process lives. */
  get isUp(): boolean {
    return this.#life?.alive === true;
  }

  /** How many times it has booted. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Of the current life. @throws AssertionError when the host is down */
  get platform(): Platform {
    assert(this.isUp, () => `${this.name} is down`);
    return must(this.#platform);
  }

  /** Starts a life; without `main` its owner drives it through `platform`. The host must be down. */
  boot(main: HostMain = () => {}): void {
    assert(!this.isUp, () => `${this.name} is up already`);
    this.#main = main;
    this.#epoch++;
    this.#hasPower = true;
    const life = new Life(this.name, this, this.#world.loop);
    const platform = this.platformOf(life);
    const stopping = new AbortController();
    this.#life = life;
    this.#platform = platform;
    this.#stopping = stopping;
    life.after(0, 'boot', () => life.guard(main(platform, stopping.signal)));
  }

  /** Asks the main process to stop in good order; it lives until it is killed, crashed or done. */
  stop(): void {
    const stopping = this.#stopping;
    this.#life?.after(0, 'stop', () => stopping?.abort());
  }

  /**
   * SIGKILL of the main process. Its kernel resets its connections at once, the page cache stays, and its child
   * processes go on. Nothing if it is down.
   */
  kill(): void {
    if (this.isUp) this.#world.hits.hit('kill');
    this.#life?.end('kill');
    this.#release();
  }

  /**
   * Power is lost: everything on the host ends, what was not synced is lost as the disk's options say, and peers notice after
   * a while. With `silently` nobody tells them: they are left half open until they send something, or wonder at
   * the silence. Nothing if it is off.
   */
  crash({ silently = false }: { readonly silently?: boolean } = {}): void {
    if (!this.#hasPower) return;
    this.#world.hits.hit(silently ? 'crash-silent' : 'crash');
    const end = silently ? 'silence' : 'power';
    this.#hasPower = false;
    this.#pausedUntilMillis = 0;
    this.fuseEvents = 0;
    this.#life?.end(end);
    this.processes.losePower(end);
    this.disk.losePower();
    this.#release();
  }

  /** Loses power in the place of its event after the next `events` (>= 0). */
  crashAfterEvents(events: number): void {
    assert(Number.isInteger(events) && events >= 0, () => `not a number of events: ${events}`);
    this.fuseEvents = events + 1;
  }

  blow(): void {
    this.#world.hits.hit('crash-at-event');
    this.crash();
  }

  /** Boots again with the same main, after a crash or a kill; crashes first if it is up. */
  restart(): void {
    if (this.isUp) this.crash();
    this.boot(must(this.#main, () => `${this.name} never booted`));
  }

  /** Nothing on the host runs for so long, while time goes on (SIGSTOP, a stalled VM). */
  pause(forMillis: number): void {
    this.#world.hits.hit('pause');
    this.#pausedUntilMillis = Math.max(this.#pausedUntilMillis, this.#world.loop.nowMillis + forMillis);
  }

  newLife(name: string): Life {
    return new Life(name, this, this.#world.loop);
  }

  platformOf(life: Life): Platform {
    const purpose = life.name === this.name ? `${this.name}/${this.#epoch}` : `${life.name}/${++this.#lives}`;
    return {
      hostname: this.name,
      clock: new SimulatedClock(life, this.clock),
      random: new LifeRandom(life, this.#world.random.stream(`app/${purpose}`)),
      network: new SimulatedNetwork(life, this, this.#world.fabric),
      disk: new SimulatedDisk(life, this.disk),
      processes: new SimulatedProcesses(life, this.processes),
      logger: new SimulatedLogger(life, this.#world.logs),
      faults: new LifeFaultPoints(life, this.points, () => this.crash()),
    };
  }

  #release(): void {
    this.#life = undefined;
    this.#platform = undefined;
    this.#stopping = undefined;
  }
}
