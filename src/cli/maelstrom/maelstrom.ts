import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Command } from 'commander';

import { LocalEtcdClient } from '../../etcd/local-client.ts';
import { Member } from '../../etcd/member.ts';
import { ConsoleLogger } from '../../platform/os/console-logger.ts';
import { LmdbBackends } from '../../platform/os/lmdb-backend.ts';
import { createOsPlatform } from '../../platform/os/os-platform.ts';
import { MaelstromLinks } from './links.ts';
import { errorCodes, type Envelope, MaelstromError, MaelstromNode } from './node.ts';
import { answer } from './workloads.ts';

const peerPort = 2380;

/** `drydock maelstrom`: a member of the store as a node of Maelstrom, so that its checkers judge it. */
export function addMaelstromCommand(program: Command): void {
  program
    .command('maelstrom')
    .description(
      'be a node of Maelstrom (jepsen-io/maelstrom): others judge the store with their own checker',
    )
    .option('--data-dir <dir>', 'keep the data here (default: a new folder, removed at the end)')
    .addHelpText(
      'after',
      `
Speaks Maelstrom's protocol on standard input and output: the workloads lin-kv, txn-list-append and txn-rw-register.
Members talk to each other through Maelstrom's network, so that its partitions and latencies apply.

Examples:
  maelstrom test -w lin-kv --bin drydock-maelstrom --node-count 3 --concurrency 4n --time-limit 60 --nemesis partition
  maelstrom test -w txn-list-append --bin drydock-maelstrom --node-count 3 --time-limit 30
where drydock-maelstrom is an executable file with the two lines
  #!/bin/sh
  exec npx drydock maelstrom`,
    )
    .action(async (options: { readonly dataDir?: string }) => {
      const directory = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'drydock-maelstrom-')));
      try {
        await run(directory);
      } finally {
        if (options.dataDir === undefined) await rm(directory, { recursive: true, force: true });
      }
    });
}

async function run(directory: string): Promise<void> {
  const node = new MaelstromNode(process.stdin, process.stdout);
  const early: Envelope[] = [];
  let handle = (message: Envelope): void => void early.push(message);
  const { nodeId, nodeIds } = await node.introduced((message) => handle(message));
  const os = createOsPlatform({ hostname: nodeId, logger: new ConsoleLogger({ level: 'warn' }) });
  const links = new MaelstromLinks(nodeId, os.clock, (dest, body) => node.send(dest, body));
  const platform = { ...os, network: { ...os.network, links } };
  let etcd: LocalEtcdClient | undefined;
  handle = (message) => {
    if (message.body.type === 'link') links.receive(message);
    else void respond(node, message, etcd);
  };
  for (const message of early) handle(message);
  const member = await Member.start(platform, {
    name: nodeId,
    cluster: {
      token: 'maelstrom',
      members: nodeIds.map((name) => ({ name, peerAddress: { host: name, port: peerPort } })),
    },
    dataDirectory: join(directory, nodeId),
    backends: new LmdbBackends(),
    tickMillis: 50,
    requestTimeoutMillis: 4000,
  });
  etcd = new LocalEtcdClient(member);
  const failure = await Promise.race([node.ended, member.failed]);
  await member.stop();
  if (failure !== undefined) throw failure;
}

async function respond(
  node: MaelstromNode,
  message: Envelope,
  etcd: LocalEtcdClient | undefined,
): Promise<void> {
  try {
    if (etcd === undefined)
      throw new MaelstromError(errorCodes.temporarilyUnavailable, 'the member is starting');
    const body = await answer(etcd, message.body);
    if (body !== undefined) node.reply(message, body);
    // An answer to a message of ours, which wants none; other requests are not known here.
    else if (message.body.in_reply_to === undefined)
      throw new MaelstromError(errorCodes.notSupported, `there is no ${message.body.type} here`);
  } catch (error) {
    if (!(error instanceof MaelstromError)) throw error;
    node.reply(message, { type: 'error', code: error.code, text: error.message });
  }
}
