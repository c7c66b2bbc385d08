/** The types of node.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
Overhead
  podFixed 1 v1.ResourceList omitempty
RuntimeClass
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  handler 2 string required @format=k8s-short-name @immutable
  overhead 3 Overhead pointer omitempty
  scheduling 4 Scheduling pointer omitempty
RuntimeClassList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []RuntimeClass required
Scheduling
  nodeSelector 1 {}string omitempty map=atomic
  tolerations 2 []v1.Toleration omitempty list=atomic
`;
