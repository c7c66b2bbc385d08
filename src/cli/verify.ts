import { relative } from 'node:path';

import { parseManifests } from '../api/manifest.ts';
import { findManifestMistake } from '../api/manifest-check.ts';
import { isApiError } from '../api/status.ts';
import type { ApiObject, NewObject, Node, Pod, ReplicationController, Service } from '../api/types.ts';
import type { ApiClient, ResourceRef } from '../client/api-client.ts';
import * as resources from '../client/resources.ts';
import { isPodReady } from '../controllers/pod-state.ts';
import type { Address } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { mapServiceAddress } from '../proxy/service-address.ts';
import { formatAddress } from './address.ts';
import { CliError } from './cli-error.ts';
import type { ClusterPlan } from './cluster-plan.ts';
import type { Deadline } from './deadline.ts';
import { readInput } from './input-file.ts';
import { httpGet, tryHttpGet } from './http-get.ts';

/**
 * Reads a manifest; its objects in order, each checked as the API server will check its fields: before anything
 * is started.
 *
 * @throws CliError naming the file, the object and what is wrong; exit code 2
 */
export function readManifest(file: string): readonly NewObject<ApiObject>[] {
  const shown = relative(process.cwd(), file);
  const refuse = (sentence: string): never => {
    throw new CliError(sentence, { exitCode: 2 });
  };
  const text =
    readInput(file) ?? refuse(`--manifest ${shown} does not exist: name a YAML file with Kubernetes objects`);
  const kinds = Object.values(applicable);
  const parsed = parseManifests(text, shown, (object) => findManifestMistake(object, kinds, '`drydock up`'));
  if (!parsed.ok) return refuse(parsed.error);
  if (parsed.value.length === 0) {
    return refuse(`${shown} holds no objects: put one Kubernetes object in each of its YAML documents`);
  }
  return parsed.value;
}

/** Whether an API server says that it is ready. */
export async function isReady(platform: Platform, address: Address): Promise<boolean> {
  const answer = await tryHttpGet(platform, address, '/readyz', { tls: 'mutual', timeoutMillis: 1000 });
  return answer?.status === 200;
}

/** Ready, and without the taints of a node that was lost. */
export function isNodeReady(node: Node): boolean {
  const untainted = !(node.spec.taints ?? []).some((taint) => taint.key.startsWith('node.kubernetes.io/'));
  return (
    untainted &&
    (node.status?.conditions ?? []).some(
      (condition) => condition.type === 'Ready' && condition.status === 'True',
    )
  );
}

/** The kinds that `drydock up` can apply. */
const applicable: Readonly<Record<string, ResourceRef<ApiObject>>> = {
  Namespace: resources.namespaces as ResourceRef<ApiObject>,
  Pod: resources.pods as ResourceRef<ApiObject>,
  ReplicationController: resources.replicationControllers as ResourceRef<ApiObject>,
  Service: resources.services as ResourceRef<ApiObject>,
  ConfigMap: resources.configMaps as ResourceRef<ApiObject>,
};

/** Creates what is not there yet; what is there stays as it is (a second start resumes). */
export async function applyAll(
  client: ApiClient,
  objects: readonly NewObject<ApiObject>[],
): Promise<boolean> {
  for (const object of objects) {
    const resource = client.resource(applicable[object.kind]!);
    try {
      await resource.create(object, object.metadata.namespace ?? 'default');
    } catch (error) {
      if (isApiError(error, 'Invalid') || isApiError(error, 'BadRequest')) {
        throw new CliError(`the manifest was refused: ${error.message}`, { cause: error });
      }
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
  return true;
}

/** The pods of the manifest's ReplicationControllers, once all of them are ready. */
export async function waitForPods(
  client: ApiClient,
  objects: readonly NewObject<ApiObject>[],
  deadline: Deadline,
  detail: (text: string) => void,
): Promise<readonly Pod[]> {
  let pods: readonly Pod[] = [];
  await deadline.until('the pods to run', detail, async () => {
    pods = (await client.resource(resources.pods).list()).items.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined,
    );
    let wanted = 0;
    for (const { kind, metadata } of objects) {
      if (kind !== 'ReplicationController') continue;
      // The live object says how many: it may have been scaled since the manifest was applied.
      const controller: ReplicationController = await client
        .resource(resources.replicationControllers)
        .get(metadata.name!, metadata.namespace ?? 'default');
      wanted += controller.spec.replicas ?? 1;
    }
    const ready = pods.filter(isPodReady);
    detail(`${ready.length} of ${wanted} ready`);
    return ready.length >= wanted;
  });
  return pods;
}

/** Asks each Service over HTTP through the proxy of each agent. */
export async function waitForServices(
  platform: Platform,
  client: ApiClient,
  objects: readonly NewObject<ApiObject>[],
  plan: ClusterPlan,
  deadline: Deadline,
  detail: (text: string) => void,
): Promise<void> {
  for (const { kind, metadata } of objects) {
    if (kind !== 'Service') continue;
    const service: Service = await client
      .resource(resources.services)
      .get(metadata.name!, metadata.namespace ?? 'default');
    for (const agent of plan.agents) {
      const host = mapServiceAddress(service.spec.clusterIP!, agent.serviceCidr, agent.serviceBlock);
      const address = { host, port: service.spec.ports![0]!.port };
      await deadline.until(
        `${metadata.name} to answer at ${formatAddress(address)} (${agent.nodeName})`,
        detail,
        async () => {
          const answer = await httpGet(platform, address, '/', { tls: 'none', timeoutMillis: 2000 });
          detail(`${agent.nodeName}: ${answer.text.trim().slice(0, 60)}`);
          return answer.status === 200;
        },
      );
    }
  }
}
