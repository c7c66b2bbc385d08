import { parentPort, workerData } from 'node:worker_threads';

import { must } from '../base/assert.ts';
import { LocalEtcdClient } from '../etcd/local-client.ts';
import { serveEtcdLink } from '../etcd/link-server.ts';
import { Member } from '../etcd/member.ts';
import type { MemberOptions } from '../etcd/member-options.ts';
import type { LinkEvents } from '../platform/links.ts';
import { LmdbBackends } from '../platform/os/lmdb-backend.ts';
import { linkOverPort } from '../platform/os/port-links.ts';
import { CliError } from './cli-error.ts';
import { isEnvironmentError } from './environment-error.ts';
import { createComponentPlatform } from './component.ts';
import type { StoreThreadData, StoreThreadReport } from './store-worker.ts';

/**
 * The store member's own thread: no list the API server makes, however large, may delay a heartbeat. It
 * serves etcd calls on the port it was given and reports on its parent port.
 */
const data = workerData as StoreThreadData;
const report = (message: StoreThreadReport): void => must(parentPort).postMessage(message);

async function main(): Promise<void> {
  const platform = await createComponentPlatform(data.hostname, data.pkiDirectory);
  const options: MemberOptions = { ...data.member, backends: new LmdbBackends() };
  const member = await Member.start(platform, options);
  const client = new LocalEtcdClient(member);
  let events: LinkEvents | undefined;
  const link = linkOverPort(data.port, {
    message: (message) => events?.message(message),
    closed: (reason) => events?.closed(reason),
  });
  events = serveEtcdLink(client, link);
  void member.failed.then((error) => report({ type: 'failed', message: error.message }));
  must(parentPort).on('message', () => {
    void member.stop().then(() => {
      link.close();
      // A member that was being dialled would hold the thread until its time is up.
      process.exit(0);
    });
  });
  report({ type: 'started' });
}

main().catch((error: unknown) => {
  // A bug is not refused: it ends the thread, and the parent shows its stack.
  if (!(error instanceof CliError) && !isEnvironmentError(error)) throw error;
  report({ type: 'refused', message: error.message });
  process.exit(1);
});
