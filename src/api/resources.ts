import { configMaps } from './kinds/configmaps.ts';
import { endpointSlices } from './kinds/endpointslices.ts';
import { events } from './kinds/events.ts';
import { leases } from './kinds/leases.ts';
import { namespaces } from './kinds/namespaces.ts';
import { nodes } from './kinds/nodes.ts';
import { pods } from './kinds/pods.ts';
import { replicationControllers } from './kinds/replicationcontrollers.ts';
import { secrets } from './kinds/secrets.ts';
import { serviceAccounts } from './kinds/serviceaccounts.ts';
import { services } from './kinds/services.ts';
import type { Resource } from './resource.ts';

/** Every kind that is served: one line each, sorted by group and name as discovery lists them. */
export const builtinResources: readonly Resource[] = [
  configMaps,
  events,
  namespaces,
  nodes,
  pods,
  replicationControllers,
  secrets,
  serviceAccounts,
  services,
  leases,
  endpointSlices,
];

/** The served resource of that place, if any. */
export function findResource(
  resources: readonly Resource[],
  group: string,
  version: string,
  resource: string,
): Resource | undefined {
  return resources.find((one) => one.group === group && one.version === version && one.resource === resource);
}
