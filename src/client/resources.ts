import type * as api from '../api/types.ts';
import type { ResourceRef } from './api-client.ts';

/** The resources drydock's parts work with. */
export const namespaces: ResourceRef<api.Namespace> = core('namespaces', 'Namespace', false);
export const nodes: ResourceRef<api.Node> = core('nodes', 'Node', false);
export const pods: ResourceRef<api.Pod> = core('pods', 'Pod');
export const replicationControllers: ResourceRef<api.ReplicationController> = core(
  'replicationcontrollers',
  'ReplicationController',
);
export const services: ResourceRef<api.Service> = core('services', 'Service');
export const configMaps: ResourceRef<api.ConfigMap> = core('configmaps', 'ConfigMap');
export const events: ResourceRef<api.CoreEvent> = core('events', 'Event');
export const endpointSlices: ResourceRef<api.EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
export const leases: ResourceRef<api.Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
};

function core(resource: string, kind: string, namespaced = true) {
  return { group: '', version: 'v1', resource, kind, namespaced };
}
