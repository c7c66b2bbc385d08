import type { Node, Pod } from '../api/types.ts';
import type { ApiClient } from '../client/api-client.ts';
import { keyOf } from '../client/informer.ts';
import * as resources from '../client/resources.ts';
import { createInformer } from '../client/shared-informer.ts';
import type { Platform } from '../platform/platform.ts';

/** Tells, line by line, what happens to nodes and pods while a cluster is up. */
export async function watchCluster(
  platform: Platform,
  client: ApiClient,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  const nodes = createInformer(client, platform, resources.nodes);
  const pods = createInformer(client, platform, resources.pods);
  nodes.addHandler({
    updated: (before, after) =>
      tellChange(`node ${after.metadata.name}`, nodeState(before), nodeState(after)),
  });
  pods.addHandler({
    added: (pod) => {
      if (pods.synced) tell(`pod ${keyOf(pod)}: created`);
    },
    updated: (before, after) => tellChange(`pod ${keyOf(after)}`, podState(before), podState(after)),
    deleted: (pod) => tell(`pod ${keyOf(pod)}: gone`),
  });
  await Promise.all([nodes.run(signal), pods.run(signal)]);

  function tellChange(what: string, before: string, after: string): void {
    if (before !== after) tell(`${what}: ${after}`);
  }
}

function nodeState(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
  return ready === 'True' ? 'Ready' : 'NotReady';
}

function podState(pod: Pod): string {
  const where = pod.spec.nodeName === undefined ? 'waits for a node' : `on ${pod.spec.nodeName}`;
  const phase =
    pod.metadata.deletionTimestamp === undefined ? (pod.status?.phase ?? 'Pending') : 'Terminating';
  return `${phase} ${where}`;
}
