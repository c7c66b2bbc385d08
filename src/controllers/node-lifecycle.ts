import { must } from '../base/assert.ts';
import { isApiError } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { Lease, Node, Pod } from '../api/types.ts';
import type { ResourceClient } from '../client/api-client.ts';
import type { Lister } from '../client/informer.ts';
import { leases, nodes as nodeResource, pods as podResource } from '../client/resources.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { isNodeReady, isSilent, nextTaints, observeHeartbeat, silentConditions } from './node-health.ts';
import type { Heartbeat } from './node-health.ts';
import { isPodReady } from './pod-state.ts';
import { forEachParallel, isRefusal } from './reconcile-loop.ts';

const heartbeatNamespace = 'kube-node-lease';

/**
 * Judges every node by its heartbeats and writes the verdict: Ready=Unknown, taints that repel or evict,
 * and Ready=False on its pods. When no node at all is healthy the fault is more likely ours (or the
 * store's), so nobody is evicted then, and everyone has a full grace period afterwards.
 */
export const nodeLifecycle: Controller = {
  name: 'node-lifecycle-controller',
  start(context) {
    const monitor = new NodeMonitor(context);
    return async (signal) => {
      const { clock } = context.platform;
      do {
        await monitor.judgeAll();
      } while (await clock.sleep(context.timing.nodeMonitorPeriodMillis, signal));
    };
  },
};

class NodeMonitor {
  readonly #context: ControllerContext;
  readonly #nodes: ResourceClient<Node>;
  readonly #pods: ResourceClient<Pod>;
  readonly #nodeLister: Lister<Node>;
  readonly #podLister: Lister<Pod>;
  readonly #leaseLister: Lister<Lease>;
  #heartbeats = new Map<string, Heartbeat>();
  #allSilent = false;

  constructor(context: ControllerContext) {
    const { client, informers } = context;
    this.#context = context;
    this.#nodes = client.resource(nodeResource);
    this.#pods = client.resource(podResource);
    this.#nodeLister = informers.get(nodeResource).lister;
    this.#podLister = informers.get(podResource).lister;
    this.#leaseLister = informers.get(leases, { namespace: heartbeatNamespace }).lister;
  }

  async judgeAll(): Promise<void> {
    const { platform, timing } = this.#context;
    const nowMillis = platform.clock.monotonicMillis();
    const limits = {
      graceMillis: timing.nodeMonitorGraceMillis,
      startupGraceMillis: timing.nodeStartupGraceMillis,
    };
    const nodes = this.#nodeLister.list();
    this.#heartbeats = new Map(
      nodes.map((node) => {
        const { name } = node.metadata;
        const lease = this.#leaseLister.get(`${heartbeatNamespace}/${name}`);
        return [name, observeHeartbeat(this.#heartbeats.get(name), node, lease, nowMillis)];
      }),
    );
    const silent = new Set(
      nodes
        .filter((node) => isSilent(node, this.#heartbeatOf(node), nowMillis, limits))
        .map((node) => node.metadata.name),
    );
    const wasAllSilent = this.#allSilent;
    this.#allSilent = nodes.length > 0 && silent.size === nodes.length;
    if (wasAllSilent && !this.#allSilent) {
      for (const [name, heartbeat] of this.#heartbeats) {
        this.#heartbeats.set(name, { ...heartbeat, seenMillis: nowMillis });
      }
      silent.clear();
    }
    const evict = nodes.some((node) => isNodeReady(node) && !silent.has(node.metadata.name));
    const podsByNode = groupByNode(this.#podLister.list());
    await forEachParallel(nodes, async (node) => {
      const { name } = node.metadata;
      try {
        const judged = await this.#judge(node, silent.has(name), evict);
        if (!isNodeReady(judged)) await this.#markNotReady(podsByNode.get(name) ?? []);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        // The next pass sees the newer state and decides again.
        this.#context.logger.debug('node not judged', { node: name, error: error.message });
      }
    });
  }

  async #judge(node: Node, silent: boolean, evict: boolean): Promise<Node> {
    const now = this.#now();
    let judged = node;
    const conditions = silent ? silentConditions(node, now) : undefined;
    if (conditions !== undefined) {
      this.#context.recorder.record(
        node,
        'Normal',
        'NodeNotReady',
        `Node ${node.metadata.name} status is now: NodeNotReady`,
      );
      judged = await this.#nodes.updateStatus({ ...node, status: { ...node.status, conditions } });
    }
    const taints = nextTaints(judged, evict, now);
    if (taints === undefined) return judged;
    const { name, uid, resourceVersion } = judged.metadata;
    return this.#nodes.patch(
      name,
      { metadata: { uid, resourceVersion }, spec: { taints } },
      { type: 'merge' },
    );
  }

  /** A kubelet that is silent cannot say that its pods are not reachable. */
  async #markNotReady(pods: readonly Pod[]): Promise<void> {
    const now = this.#now();
    await forEachParallel(pods.filter(isPodReady), async (pod) => {
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready'
          ? { ...condition, status: 'False' as const, lastTransitionTime: now }
          : condition,
      );
      try {
        await this.#pods.updateStatus({ ...pod, status: { ...pod.status, conditions } });
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    });
  }

  #heartbeatOf(node: Node): Heartbeat {
    return must(this.#heartbeats.get(node.metadata.name));
  }

  #now(): string {
    return formatTime(this.#context.platform.clock.wallMillis());
  }
}

function groupByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (nodeName === undefined) continue;
    const group = groups.get(nodeName);
    if (group === undefined) groups.set(nodeName, [pod]);
    else group.push(pod);
  }
  return groups;
}
