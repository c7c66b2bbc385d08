import { schedulePod } from '../src/scheduler/cycle.ts';
import { SchedulerCache } from '../src/scheduler/cache.ts';
import { podView } from '../src/scheduler/pod-view.ts';
import { defaultProfile } from '../src/scheduler/plugins/registry.ts';
import { syntheticWorkload } from './scheduling/workload.ts';

export const name = 'scheduler';

const podsPerNode = 4;
const podsTried = 256;

/** One scheduling cycle on a half-full cluster: what every policy pays for each pod. */
export function cases(): { name: string; run: () => void }[] {
  return [100, 1000, 5000].map((nodeCount) => {
    const podCount = nodeCount * podsPerNode + podsTried;
    const { nodes, events } = syntheticWorkload({ seed: 1, nodeCount, podCount });
    const cache = new SchedulerCache();
    for (const node of nodes) cache.setNode(node);
    const pods = events.filter(({ type }) => type === 'arrival').map(({ pod }) => podView(pod));
    const running = pods.slice(podsTried);
    for (const [i, pod] of running.entries()) cache.assume(pod, nodes[i % nodeCount]!.metadata.name);
    const snapshot = cache.snapshot();
    let next = 0;
    return {
      name: `schedule a pod on ${nodeCount} nodes`,
      run: () => void schedulePod(pods[next++ % podsTried]!, snapshot, defaultProfile, () => 0),
    };
  });
}
