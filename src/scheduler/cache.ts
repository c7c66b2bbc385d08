import { assert } from '../base/assert.ts';
import { compareStrings } from '../base/order.ts';
import type { Node } from '../api/types.ts';
import { NodeInfo, type NodeSnapshot } from './node-view.ts';
import type { PodView } from './pod-view.ts';

interface CachedPod {
  readonly pod: PodView;
  readonly nodeName: string;
  /** Placed by us, not yet seen back from the API. */
  readonly assumed: boolean;
}

/**
 * What the scheduler believes of the cluster: the nodes and the pods on them. A pod is *assumed* on its node the
 * moment it is decided, so that the next cycle counts it; it is confirmed when the API shows it bound, or
 * forgotten when binding failed (kube: scheduler cache).
 */
export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, CachedPod>();
  /** In name order; undefined after a node came or went. */
  #snapshot: NodeSnapshot | undefined;

  setNode(node: Node): void {
    const info = this.#infoOf(node.metadata.name);
    if (!info.known) this.#snapshot = undefined;
    info.setNode(node);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    info.known = false;
    this.#snapshot = undefined;
    this.#dropIfUnused(info);
  }

  /** The scheduler decided; the API does not know yet. */
  assume(pod: PodView, nodeName: string): void {
    assert(!this.#pods.has(pod.uid), () => `pod ${pod.key} has a node already`);
    this.#add({ pod, nodeName, assumed: true });
  }

  /** Takes an assumption back; nothing if the pod has been confirmed or is gone meanwhile. */
  forget(uid: string): void {
    if (this.#pods.get(uid)?.assumed === true) this.remove(uid);
  }

  /** The API shows `pod` on `pod.nodeName`. */
  confirm(pod: PodView): void {
    const { nodeName } = pod;
    assert(nodeName !== undefined, () => `pod ${pod.key} is on no node`);
    this.remove(pod.uid);
    this.#add({ pod, nodeName, assumed: false });
  }

  /** The pod is gone, or has ended. Nothing if it is not known. */
  remove(uid: string): void {
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    this.#pods.delete(uid);
    const info = this.#infoOf(known.nodeName);
    info.removePod(known.pod);
    this.#dropIfUnused(info);
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** The node that the pod is on, or is assumed to be on. */
  nodeOf(uid: string): string | undefined {
    return this.#pods.get(uid)?.nodeName;
  }

  /** The nodes that exist, in name order. Valid until the cache changes. */
  snapshot(): NodeSnapshot {
    this.#snapshot ??= {
      nodes: [...this.#nodes.values()]
        .filter((info) => info.known)
        .toSorted((a, b) => compareStrings(a.name, b.name)),
    };
    return this.#snapshot;
  }

  #add(entry: CachedPod): void {
    this.#pods.set(entry.pod.uid, entry);
    this.#infoOf(entry.nodeName).addPod(entry.pod);
  }

  /** A pod may be seen before its node is. */
  #infoOf(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (info === undefined) {
      info = new NodeInfo(name);
      this.#nodes.set(name, info);
    }
    return info;
  }

  #dropIfUnused(info: NodeInfo): void {
    if (!info.known && info.podCount === 0) this.#nodes.delete(info.name);
  }
}
