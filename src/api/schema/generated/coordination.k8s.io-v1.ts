/** The types of coordination.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
CoordinatedLeaseStrategy = string values=OldestEmulationVersion
Lease
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 LeaseSpec omitempty
LeaseList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Lease required
LeaseSpec
  holderIdentity 1 string pointer omitempty
  leaseDurationSeconds 2 int32 pointer omitempty
  acquireTime 3 MicroTime pointer omitempty
  renewTime 4 MicroTime pointer omitempty
  leaseTransitions 5 int32 pointer omitempty
  strategy 6 CoordinatedLeaseStrategy pointer omitempty gate=CoordinatedLeaderElection
  preferredHolder 7 string pointer omitempty gate=CoordinatedLeaderElection
`;
