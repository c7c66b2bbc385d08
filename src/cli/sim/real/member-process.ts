import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import type { GroundHost } from '../../../../sim/actions/ground.ts';
import type { FaultHits } from '../../../../sim/fault-hits.ts';
import { assert, must } from '../../../base/assert.ts';
import {
  HashKVRequest,
  HashKVResponse,
  PutRequest,
  StatusRequest,
  StatusResponse,
} from '../../../etcd/proto/rpc.ts';
import { memberIdOfBig } from '../../../etcd/wire/ids.ts';
import { GrpcChannel } from '../../../grpc/channel.ts';
import type { Address } from '../../../platform/network.ts';
import type { Platform } from '../../../platform/platform.ts';
import { noMember, term, type MemberId, type Term } from '../../../raft/types.ts';

/** Of its log, for whoever is told that it ended. */
const lastLinesMax = 5;

export interface MemberProcessOptions {
  readonly name: string;
  readonly id: MemberId;
  /** Program and first arguments: what takes etcd's flags. */
  readonly command: readonly string[];
  readonly flags: readonly string[];
  /** Where it serves clients, without a relay between. */
  readonly clientAddress: Address;
  /** Where its log goes. */
  readonly folder: string;
  readonly hits: FaultHits;
  readonly onLog: (line: string) => void;
  /** It ended though nobody killed it. */
  readonly onEnded: (how: string) => void;
}

/** What a member says of itself. */
export interface Status {
  readonly leader: MemberId;
  readonly term: Term;
  readonly applied: number;
  readonly revision: number;
}

/** A `drydock etcd` that is killed, stopped and started again on the same data. */
export class MemberProcess implements GroundHost {
  readonly name: string;
  readonly id: MemberId;
  readonly #options: MemberProcessOptions;
  readonly #channel: GrpcChannel;
  readonly #lastLines: string[] = [];
  #child: ChildProcess | undefined;
  /** Those that were told to end, and are not to be wondered at. */
  readonly #killed = new Set<ChildProcess>();
  #wanted = false;
  #closed = false;
  #pausedUntilMillis = 0;

  constructor(platform: Platform, options: MemberProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.id = options.id;
    this.#channel = new GrpcChannel(platform, options.clientAddress, { connectTimeoutMillis: 500 });
  }

  get isUp(): boolean {
    return this.#wanted;
  }

  get logFile(): string {
    return join(this.#options.folder, `${this.name}.log`);
  }

  start(): void {
    if (this.#wanted || this.#closed) return;
    this.#wanted = true;
    // The one before holds the ports and the lock of the data until it is gone.
    if (this.#child === undefined) this.#spawn();
  }

  /** SIGKILL: the page cache stays. Nothing if it is down. */
  kill(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#options.hits.hit('kill');
    this.#end();
  }

  /** A killed process is the most that can be done: this machine keeps its power. */
  crash(): void {
    this.kill();
  }

  crashAfterEvents(): void {
    assert(false, 'the scenario was refused: a real process has no events to count');
  }

  restart(): void {
    this.kill();
    this.start();
  }

  /** SIGSTOP, and SIGCONT in its time. */
  pause(forMillis: number): void {
    const child = this.#child;
    if (child === undefined) return;
    this.#options.hits.hit('pause');
    const until = performance.now() + forMillis;
    this.#pausedUntilMillis = Math.max(this.#pausedUntilMillis, until);
    child.kill('SIGSTOP');
    setTimeout(() => {
      if (performance.now() >= this.#pausedUntilMillis - 1) child.kill('SIGCONT');
    }, forMillis);
  }

  /** For good; resolves when the process is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wanted = false;
    this.#channel.close();
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    this.#end();
    await gone;
  }

  /** @throws GrpcError when it does not answer in time */
  async status(timeoutMillis: number): Promise<Status & { readonly id: MemberId }> {
    const reply = await this.#channel.unary('/etcdserverpb.Maintenance/Status', StatusRequest.encode({}), {
      timeoutMillis,
    });
    const { header, leader, raftTerm, raftAppliedIndex } = StatusResponse.decode(reply);
    return {
      id: memberIdOfBig(header?.memberId ?? 0n) ?? noMember,
      leader: memberIdOfBig(leader) ?? noMember,
      term: term(raftTerm),
      applied: raftAppliedIndex,
      revision: header?.revision ?? 0,
    };
  }

  /** HashKV of a revision, 0 for the newest. @throws GrpcError */
  async hashKv(
    revision: number,
    timeoutMillis: number,
  ): Promise<{ readonly hash: number; readonly revision: number; readonly compactRevision: number }> {
    const reply = await this.#channel.unary(
      '/etcdserverpb.Maintenance/HashKV',
      HashKVRequest.encode({ revision }),
      { timeoutMillis },
    );
    const { hash, compactRevision, hashRevision: of } = HashKVResponse.decode(reply);
    return { hash, revision: of, compactRevision };
  }

  /** @throws GrpcError */
  async put(key: Uint8Array, value: Uint8Array, timeoutMillis: number): Promise<void> {
    await this.#channel.unary('/etcdserverpb.KV/Put', PutRequest.encode({ key, value }), { timeoutMillis });
  }

  #spawn(): void {
    const { command, flags, onLog, onEnded } = this.#options;
    const [program, ...first] = command;
    const child = spawn(must(program), [...first, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#pausedUntilMillis = 0;
    this.#note(`--- process ${child.pid} begins`);
    let rest = '';
    const read = (chunk: Buffer): void => {
      const lines = `${rest}${chunk.toString()}`.split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        this.#note(line);
        onLog(line);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    let over = false;
    const ended = (how: string): void => {
      if (over) return;
      over = true;
      this.#note(`--- process ${child.pid} ended: ${how}`);
      this.#child = undefined;
      if (!this.#killed.delete(child)) {
        this.#wanted = false;
        onEnded(`${how}; it said last: ${this.#lastLines.slice(0, -1).join(' | ')}`);
      } else if (this.#wanted) this.#spawn();
    };
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    child.once('error', (error) => ended(error.message));
  }

  #end(): void {
    if (this.#child === undefined) return;
    this.#killed.add(this.#child);
    this.#child.kill('SIGKILL');
  }

  #note(line: string): void {
    appendFileSync(this.logFile, `${line}\n`);
    this.#lastLines.push(line);
    if (this.#lastLines.length > lastLinesMax) this.#lastLines.shift();
  }
}
