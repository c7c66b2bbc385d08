/** The types of scheduling.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
PriorityClass
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  value 2 int32
  globalDefault 3 bool omitempty
  description 4 string omitempty
  preemptionPolicy 5 v1.PreemptionPolicy pointer omitempty
PriorityClassList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []PriorityClass required
`;
