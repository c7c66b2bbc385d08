import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { must } from '../../src/base/assert.ts';
import { prefixEnd, type Watch } from '../../src/etcd/client.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import { GrpcEtcdClient } from '../../src/etcd/grpc-client.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import { ConsoleLogger } from '../../src/platform/os/console-logger.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { type RandomStream, RandomStreams } from '../../sim/random-streams.ts';
import { type Change, History, Violation } from './history.ts';
import { changeOf, heldChange, prefix, sleep, Worker } from './load.ts';
import { Member } from './member.ts';

/**
 * Kills real members at random points while clients write, starts them again, and holds them to what they promised.
 *
 * One cycle: load; kill -9 of one member, of a majority or of all, now and then once more while they start; load again; then
 * everyone waits, and history.ts judges. load.ts is the clients, member.ts the processes. Beyond the judge's list:
 *
 *   S1  A member serves within a minute of its start, and ends only when it is killed.
 *   S2  The revision that a member tells never falls, not over its deaths either.
 *   S3  Watches that live through all of it, and new ones of each member, tell the same, each event once and in order.
 *   S4  At the end of a cycle all members have the same keys and the same HashKV.
 *
 * The seed chooses what is called and when is killed; the machine decides where that hits. A failure keeps the data.
 */
export interface SoakOptions {
  readonly seed: number | string;
  readonly cycles: number;
  readonly members: 1 | 3;
  readonly workers: number;
  /** Where data and logs go; must not exist, or be empty. */
  readonly directory: string;
  readonly command: readonly string[];
  /** The first of two ports for each member. Below what the system gives to callers, which would take those of the dead. */
  readonly basePort: number;
  readonly onCycle?: (figures: SoakFigures) => void;
  /** Between a kill and the next start: what a test breaks, to see it found. */
  readonly whileDown?: (dataDirectory: string, cycle: number) => void;
}

export interface SoakFigures {
  readonly cycles: number;
  readonly kills: number;
  readonly revision: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** Of those without an answer, how many had been done. */
  readonly unknownDone: number;
  readonly refused: number;
  readonly watchEvents: number;
  readonly leasesEnded: number;
  readonly compactions: number;
  /** From a member's start until it served, in milliseconds. */
  readonly startMillisMean: number;
  readonly startMillisMax: number;
  readonly seconds: number;
}

const everything = { key: prefix, rangeEnd: prefixEnd(prefix) };
const loadMillis = { min: 30, max: 500 };
const downMillisMax = 200;
const killAgainChance = 0.25;
const compactChance = 0.15;
const watchesThroughout = 2;
const catchUpMillisMax = 30_000;
const pollMillis = 20;
const requestMillisMax = 4_000;
/** Quick elections: a cycle is about crashes, not about waiting. */
const flags = ['--heartbeat-interval', '50', '--election-timeout', '500'];

export async function soak(options: SoakOptions): Promise<SoakFigures> {
  const run = new SoakRun(options);
  try {
    return await run.play();
  } finally {
    await run.end();
  }
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #platform: Platform;
  readonly #random: RandomStream;
  readonly #history = new History();
  readonly #members: readonly Member[];
  readonly #clients: readonly GrpcEtcdClient[];
  readonly #workers: readonly Worker[];
  readonly #watches: LongWatch[] = [];
  readonly #startedAt = performance.now();
  /** When somebody first heard of a revision. */
  readonly #seenMillis = new Map<number, number>();
  readonly #failed: Promise<never>;
  #fail: (error: unknown) => void = () => {};
  #ended = false;
  #kills = 0;
  #cycles = 0;
  #watchEvents = 0;
  #compactions = 0;
  #compacted = 0;
  readonly #startMillis: number[] = [];

  constructor(options: SoakOptions) {
    this.#options = options;
    const { seed, members, workers, directory, command, basePort } = options;
    const streams = new RandomStreams(seed);
    this.#random = streams.stream('nemesis');
    mkdirSync(directory, { recursive: true });
    this.#platform = createOsPlatform({
      hostname: 'soak',
      logger: new ConsoleLogger({ write: (line) => this.#note(line.trimEnd()) }),
    });
    const ports = Array.from({ length: members }, (_, i) => ({
      name: must('abc'[i]),
      clientPort: basePort + 2 * i,
      peerPort: basePort + 2 * i + 1,
    }));
    const initialCluster = ports
      .map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`)
      .join(',');
    // Few entries between truncations of the log, and segments of it that come and go.
    const snapshotCount = String(100 + this.#random.integer(5000));
    this.#members = ports.map((port) => {
      const own = [...flags, '--snapshot-count', snapshotCount];
      return new Member(this.#platform, { ...port, command, directory, initialCluster, flags: own });
    });
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {});
    for (const member of this.#members) member.onFailure = this.#fail;
    const endpoints = this.#members.map(({ address }) => address);
    // Several, so that they use several members.
    this.#clients = Array.from({ length: 4 }, () => {
      return new GrpcEtcdClient(this.#platform, { endpoints, requestTimeoutMillis: requestMillisMax });
    });
    this.#workers = Array.from({ length: workers }, (_, i) => {
      const client = must(this.#clients[i % this.#clients.length]);
      return new Worker(`w${i}`, client, this.#history, streams.stream(`worker-${i}`));
    });
  }

  async play(): Promise<SoakFigures> {
    process.once('exit', this.#abandon);
    await this.#orFail(Promise.all(this.#members.map((member) => this.#start(member))));
    for (let i = 0; i < watchesThroughout; i++) {
      this.#watches.push(
        new LongWatch(must(this.#clients[i]), 2, (changes) => {
          this.#watchEvents += changes.length;
          const now = performance.now();
          for (const { modRevision } of changes) {
            this.#history.know(modRevision);
            if (!this.#seenMillis.has(modRevision)) this.#seenMillis.set(modRevision, now);
          }
        }),
      );
    }
    for (const member of this.#members) void this.#poll(member).catch(this.#fail);
    while (this.#cycles < this.#options.cycles) {
      await this.#orFail(this.#cycle());
      this.#cycles++;
      this.#options.onCycle?.(this.figures());
    }
    return this.figures();
  }

  async end(): Promise<void> {
    this.#ended = true;
    for (const watch of this.#watches) watch.cancel();
    for (const client of this.#clients) client.close();
    await Promise.all(this.#members.map((member) => member.kill()));
    process.off('exit', this.#abandon);
  }

  figures(): SoakFigures {
    const history = this.#history;
    const starts = this.#startMillis;
    return {
      cycles: this.#cycles,
      kills: this.#kills,
      revision: history.judged,
      acknowledged: history.acknowledged,
      unknown: history.unknown,
      unknownDone: history.unknownDone,
      refused: history.refused,
      watchEvents: this.#watchEvents,
      leasesEnded: history.leasesEnded,
      compactions: this.#compactions,
      startMillisMean: Math.round(starts.reduce((sum, each) => sum + each, 0) / Math.max(1, starts.length)),
      startMillisMax: Math.round(Math.max(0, ...starts)),
      seconds: Math.round((performance.now() - this.#startedAt) / 100) / 10,
    };
  }

  readonly #abandon = (): void => {
    for (const member of this.#members) member.abandon();
  };

  /** What happened, in soak.log beside the data: a failure is read there. */
  #note(text: string): void {
    appendFileSync(join(this.#options.directory, 'soak.log'), `${new Date().toISOString()} ${text}\n`);
  }

  #orFail<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed]);
  }

  async #cycle(): Promise<void> {
    const random = this.#random;
    this.#note(`cycle ${this.#cycles + 1}`);
    for (const worker of this.#workers) worker.run(this.#fail);
    if (random.chance(compactChance)) await this.#compact();
    await sleep(random.between(loadMillis.min, loadMillis.max));
    const victims = this.#victims();
    await Promise.all(
      victims.map(async (member) => {
        await sleep(random.between(0, 30));
        await this.#kill(member);
        await sleep(random.between(0, downMillisMax));
        if (random.chance(killAgainChance)) {
          const dying = this.#start(member);
          await sleep(random.between(0, 600));
          await this.#kill(member);
          await dying;
        }
        this.#options.whileDown?.(member.dataDirectory, this.#cycles + 1);
        await this.#start(member);
      }),
    );
    await sleep(random.between(loadMillis.min, loadMillis.max));
    await Promise.all(this.#workers.map((worker) => worker.pause()));
    await this.#judge();
  }

  #victims(): readonly Member[] {
    const random = this.#random;
    const members = this.#members;
    if (members.length === 1 || random.chance(0.25)) return members;
    const spared = random.pick(members);
    if (random.chance(0.33)) return members.filter((member) => member !== spared);
    return [spared];
  }

  async #kill(member: Member): Promise<void> {
    if (!member.running) return;
    this.#kills++;
    this.#note(`kill ${member.name}${member.serves ? '' : ', which starts'}`);
    await member.kill();
  }

  async #start(member: Member): Promise<void> {
    const begun = performance.now();
    await member.start();
    if (!member.serves) return;
    const took = performance.now() - begun;
    this.#startMillis.push(took);
    this.#note(`${member.name} serves after ${took.toFixed(0)} ms`);
    await this.#revisionOf(member);
  }

  /** Asks a member for its revision for as long as the run lasts. */
  async #poll(member: Member): Promise<void> {
    while (!this.#ended) {
      if (member.serves) await this.#revisionOf(member);
      await sleep(pollMillis);
    }
  }

  /** undefined: it died meanwhile. */
  async #revisionOf(member: Member): Promise<number | undefined> {
    try {
      return await member.revision();
    } catch (error) {
      if (error instanceof EtcdError) return undefined;
      throw error;
    }
  }

  /** What is judged may be forgotten by everyone. */
  async #compact(): Promise<void> {
    const at = this.#history.judged - this.#random.integer(200);
    if (at <= Math.max(1, this.#compacted)) return;
    try {
      await must(this.#clients[0]).compact(at);
      this.#compactions++;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      // Done or not: nobody asks for it any more.
    }
    this.#compacted = at;
    this.#note(`compacted at ${at}`);
  }

  async #judge(): Promise<void> {
    const history = this.#history;
    const [first] = this.#members;
    // A read of the quorum: what it has not got, nobody was told of.
    const { header } = await must(this.#clients[0]).range({ key: 'none', countOnly: true });
    const to = header.revision;
    const after = Math.max(this.#compacted, history.rememberedAfter, history.judged - 1000);
    const told = await Promise.all(
      this.#members.map(async (member) => ({ member, changes: await this.#toldBy(member, after, to) })),
    );
    for (const watch of this.#watches) await this.#caughtUp('a watch', () => watch.revision >= to);
    const before = history.judged;
    const account = must(told.find(({ member }) => member === first)).changes;
    const now = performance.now();
    history.extend(
      account.filter(({ modRevision }) => modRevision > before),
      to,
      (revision) => this.#seenMillis.get(revision) ?? now,
    );
    for (const revision of this.#seenMillis.keys()) if (revision <= to) this.#seenMillis.delete(revision);
    for (const { member, changes } of told) history.compare(`a new watch of ${member.name}`, changes, after);
    for (const watch of this.#watches) history.compare('a watch', watch.take(to), before);
    const hashes = new Map<string, string>();
    for (const member of this.#members) {
      const { kvs } = await member.client.range({ ...everything, serializable: true, revision: to });
      history.compareState(member.name, kvs.map(heldChange));
      hashes.set(member.name, await member.hash(to));
    }
    if (new Set(hashes.values()).size > 1) {
      throw new Violation(
        `members differ: ${[...hashes].map(([name, hash]) => `${name} has ${hash}`).join('; ')}`,
      );
    }
    this.#note(`judged to revision ${to}: ${hashes.get('a')}`);
  }

  /** All changes after one revision up to another, by a new watch of one member. */
  async #toldBy(member: Member, after: number, to: number): Promise<readonly Change[]> {
    await this.#caughtUp(member.name, async () => ((await this.#revisionOf(member)) ?? 0) >= to);
    if (to <= after) return [];
    const watch = new LongWatch(member.client, after + 1);
    await this.#caughtUp(`a new watch of ${member.name}`, () => watch.revision >= to);
    watch.cancel();
    return watch.take(to);
  }

  async #caughtUp(who: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const until = performance.now() + catchUpMillisMax;
    while (!(await condition())) {
      if (performance.now() > until)
        throw new Violation(`${who} does not catch up within ${catchUpMillisMax} ms`);
      await sleep(2);
    }
  }
}

/** A watch of everything, from a revision on. */
class LongWatch {
  revision: number;
  readonly #changes: Change[] = [];
  readonly #watch: Watch;
  #closed: string | undefined;

  constructor(
    etcd: GrpcEtcdClient,
    start: number,
    onChanges: (changes: readonly Change[]) => void = () => {},
  ) {
    this.revision = start - 1;
    this.#watch = etcd.watch(
      { ...everything, startRevision: start },
      {
        created: () => {},
        events: (events, revision) => {
          const changes = events.map(changeOf);
          this.#changes.push(...changes);
          this.revision = revision;
          onChanges(changes);
        },
        progress: () => {},
        closed: ({ reason, compactRevision }) => {
          this.#closed = compactRevision === undefined ? reason : `compacted at ${compactRevision}`;
        },
      },
    );
  }

  /** What it told since it was asked last, up to a revision; a lease may end meanwhile. @throws Violation when it has ended */
  take(to: number): readonly Change[] {
    if (this.#closed !== undefined) throw new Violation(`a watch has ended: ${this.#closed}`);
    const later = this.#changes.findIndex(({ modRevision }) => modRevision > to);
    return this.#changes.splice(0, later < 0 ? this.#changes.length : later);
  }

  cancel(): void {
    this.#watch.cancel();
  }
}
