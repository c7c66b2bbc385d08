import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from './connection.ts';
import { cpuMillis, freePort, residentBytes, type RunningProcess, type Workplace } from './processes.ts';
import { emptyRequest, isLeader, range, rangeRequest, status } from './requests.ts';

/** One of the two that are compared. `command` is what takes etcd's flags. */
export interface Contestant {
  readonly name: 'etcd' | 'drydock';
  readonly command: readonly [program: string, ...args: string[]];
}

/** Both say this line when clients may come. */
const readyLine = 'ready to serve client requests';
const startMillisMax = 30_000;
const pollMillis = 2;
/** Above etcd's 2 GiB, so that no case ends at the quota. */
const quotaBytes = 8 * 1024 ** 3;

interface MemberPorts {
  readonly name: string;
  readonly client: number;
  readonly peer: number;
}

/** A running store of one or more members on this machine. */
export class Store {
  readonly contestant: Contestant;
  /** From the start of the process until it answered a linearizable read, of the slowest member. */
  readonly startMillis: number;
  readonly #workplace: Workplace;
  readonly #members: readonly Member[];

  private constructor(contestant: Contestant, workplace: Workplace, members: readonly Member[]) {
    this.contestant = contestant;
    this.#workplace = workplace;
    this.#members = members;
    this.startMillis = Math.max(...members.map((member) => member.startMillis));
  }

  static async start(contestant: Contestant, workplace: Workplace, memberCount = 1): Promise<Store> {
    const ports: MemberPorts[] = [];
    for (let i = 0; i < memberCount; i++) {
      ports.push({ name: `m${i}`, client: await freePort(), peer: await freePort() });
    }
    const cluster = ports.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(',');
    const members = await Promise.all(
      ports.map((own) => Member.start(contestant, workplace, own, cluster, workplace.folder(own.name))),
    );
    return new Store(contestant, workplace, members);
  }

  /** The port of the member that leads. */
  async leaderPort(): Promise<number> {
    if (this.#members.length === 1) return this.#members[0]!.port;
    for (;;) {
      for (const { port } of this.#members) {
        const connection = await Connection.open(port);
        const leads = isLeader(await connection.unary(status, emptyRequest));
        connection.close();
        if (leads) return port;
      }
      await sleep(50);
    }
  }

  /** CPU time of all members so far, in milliseconds. */
  cpuMillis(): number {
    let millis = 0;
    for (const { running } of this.#members) millis += cpuMillis(running.pid);
    return millis;
  }

  residentBytes(): { readonly total: number; readonly anonymous: number } {
    return residentBytes(this.#members[0]!.running.pid);
  }

  /** Throws what a member said at its end, if one has ended. */
  assertAlive(): void {
    for (const member of this.#members) member.assertAlive();
  }

  /** Stops the members and starts them again on what they have stored. */
  async restart(): Promise<Store> {
    await this.#stopAll();
    const { contestant } = this;
    const members = await Promise.all(this.#members.map((member) => member.startAgain()));
    return new Store(contestant, this.#workplace, members);
  }

  /** Stops the members and removes their data. */
  async remove(): Promise<void> {
    await this.#stopAll();
    for (const { dataDirectory } of this.#members) this.#workplace.removeFolder(dataDirectory);
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }
}

class Member {
  readonly port: number;
  readonly running: RunningProcess;
  readonly dataDirectory: string;
  readonly startMillis: number;
  readonly startAgain: () => Promise<Member>;
  readonly #workplace: Workplace;
  #ended: string | undefined;

  private constructor(
    workplace: Workplace,
    running: RunningProcess,
    port: number,
    dataDirectory: string,
    startMillis: number,
    startAgain: () => Promise<Member>,
  ) {
    this.#workplace = workplace;
    this.running = running;
    this.port = port;
    this.dataDirectory = dataDirectory;
    this.startMillis = startMillis;
    this.startAgain = startAgain;
    void running.ended.then((how) => {
      this.#ended = how;
    });
  }

  static async start(
    { name, command: [program, ...command] }: Contestant,
    workplace: Workplace,
    own: MemberPorts,
    cluster: string,
    dataDirectory: string,
  ): Promise<Member> {
    const client = `http://127.0.0.1:${own.client}`;
    const peer = `http://127.0.0.1:${own.peer}`;
    const args = [...command, '--name', own.name, '--data-dir', dataDirectory];
    args.push('--listen-client-urls', client, '--advertise-client-urls', client);
    args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
    args.push('--initial-cluster', cluster, '--quota-backend-bytes', String(quotaBytes));
    const began = performance.now();
    let isReady = (): void => {};
    const ready = new Promise<string>((resolve) => {
      isReady = () => resolve('ready');
    });
    let log = '';
    const running = workplace.start(program, args, (text) => {
      log = log.slice(-readyLine.length) + text;
      if (log.includes(readyLine)) isReady();
    });
    const late = sleep(startMillisMax, `not ready after ${startMillisMax / 1000} s`, { ref: false });
    const how = await Promise.race([ready, running.ended, late]);
    if (how !== 'ready') throw new Error(`${name} did not start (${how}):\n${running.log()}`);
    await answers(own.client, began + startMillisMax);
    const startMillis = performance.now() - began;
    return new Member(workplace, running, own.client, dataDirectory, startMillis, () =>
      Member.start({ name, command: [program, ...command] }, workplace, own, cluster, dataDirectory),
    );
  }

  assertAlive(): void {
    if (this.#ended !== undefined) {
      throw new Error(`a member ended (${this.#ended}):\n${this.running.log()}`);
    }
  }

  async stop(): Promise<void> {
    await this.#workplace.stop(this.running);
  }
}

/** Asks for a linearizable read until there is an answer. */
async function answers(port: number, until: number): Promise<void> {
  for (;;) {
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(port);
      await connection.unary(range, rangeRequest('ready'));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(pollMillis);
    } finally {
      connection?.close();
    }
  }
}
