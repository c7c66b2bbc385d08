import type { Node, Pod, PodSpec, ResourceList, Taint } from '../../src/api/types.ts';
import { SchedulerCache } from '../../src/scheduler/cache.ts';
import { NodeInfo, type NodeSnapshot } from '../../src/scheduler/node-view.ts';
import { podView, type PodView } from '../../src/scheduler/pod-view.ts';

/** Objects and views with only what a test wants to say. */

export interface NodeWords {
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly allocatable?: ResourceList;
}

export function node(name: string, words: NodeWords = {}): Node {
  const { labels = {}, taints = [], unschedulable = false, allocatable = {} } = words;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels, uid: name, resourceVersion: '1', creationTimestamp: '2026-11-23T00:00:00Z' },
    spec: { taints, unschedulable },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
  };
}

export interface PodWords extends Partial<Omit<PodSpec, 'containers'>> {
  readonly requests?: ResourceList;
}

export function pod(name: string, { requests = {}, ...spec }: PodWords = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-of-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-11-23T00:00:00Z',
    },
    spec: { containers: [{ name: 'main', image: 'web', resources: { requests } }], ...spec },
  };
}

export function view(name: string, words: PodWords = {}): PodView {
  return podView(pod(name, words));
}

/** A node as plugins see it, with pods on it. */
export function nodeInfo(name: string, words: NodeWords = {}, pods: readonly PodView[] = []): NodeInfo {
  const info = new NodeInfo(name);
  info.setNode(node(name, words));
  for (const each of pods) info.addPod(each);
  return info;
}

export function snapshotOf(...nodes: readonly Node[]): NodeSnapshot {
  const cache = new SchedulerCache();
  for (const each of nodes) cache.setNode(each);
  return cache.snapshot();
}
