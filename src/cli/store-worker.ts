import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import { LinkEtcdClient } from '../etcd/link-client.ts';
import type { MemberOptions } from '../etcd/member-options.ts';
import { linkOverPort } from '../platform/os/port-links.ts';
import { CliError } from './cli-error.ts';

/** What the store thread is started with. */
export interface StoreThreadData {
  readonly hostname: string;
  readonly pkiDirectory: string;
  readonly member: Omit<MemberOptions, 'observer' | 'backends'>;
  readonly port: MessagePort;
}

/** What it tells its parent. */
export type StoreThreadReport =
  | { readonly type: 'started' }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string };

export interface StoreWorker {
  readonly client: LinkEtcdClient;
  /** Resolves with the reason when the member cannot go on. */
  readonly failed: Promise<string>;
  stop(): Promise<void>;
}

/** Starts the store member on its own thread. @throws CliError with the member's sentence when it refuses */
export async function startStoreWorker(data: Omit<StoreThreadData, 'port'>): Promise<StoreWorker> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./store-thread.js', import.meta.url), {
    workerData: { ...data, port: port2 } satisfies StoreThreadData,
    transferList: [port2],
  });
  const exited = new Promise<number>((resolve) => {
    worker.once('exit', resolve);
  });
  let fail: (reason: string) => void = () => {};
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (report: StoreThreadReport) => {
      if (report.type === 'started') resolve();
      else if (report.type === 'refused') reject(new CliError(report.message));
      else fail(report.message);
    });
    worker.once('error', (error) => {
      reject(error);
      fail(`the store thread crashed: ${error.stack ?? error.message}`);
    });
  });
  return {
    client: new LinkEtcdClient((events) => linkOverPort(port1, events)),
    failed,
    async stop() {
      worker.postMessage('stop');
      await exited;
    },
  };
}
