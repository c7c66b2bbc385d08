/** The types of policy/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
Eviction
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  deleteOptions 2 meta/v1.DeleteOptions pointer omitempty
PodDisruptionBudget
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PodDisruptionBudgetSpec omitempty
  status 3 PodDisruptionBudgetStatus omitempty
PodDisruptionBudgetList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []PodDisruptionBudget required
PodDisruptionBudgetSpec
  minAvailable 1 IntOrString pointer omitempty
  selector 2 meta/v1.LabelSelector pointer omitempty strategy=replace
  maxUnavailable 3 IntOrString pointer omitempty
  unhealthyPodEvictionPolicy 4 UnhealthyPodEvictionPolicyType pointer omitempty
PodDisruptionBudgetStatus
  observedGeneration 1 int64 omitempty
  disruptedPods 2 {}Time omitempty
  disruptionsAllowed 3 int32
  currentHealthy 4 int32
  desiredHealthy 5 int32
  expectedPods 6 int32
  conditions 7 []meta/v1.Condition omitempty strategy=merge key=type list=map keys=type
UnhealthyPodEvictionPolicyType = string closed values=IfHealthyBudget,AlwaysAllow
`;
