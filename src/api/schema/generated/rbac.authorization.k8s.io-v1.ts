/** The types of rbac.authorization.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
AggregationRule
  clusterRoleSelectors 1 []meta/v1.LabelSelector omitempty list=atomic
ClusterRole
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  rules 2 []PolicyRule list=atomic
  aggregationRule 3 AggregationRule pointer omitempty
ClusterRoleBinding
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  subjects 2 []Subject omitempty list=atomic
  roleRef 3 RoleRef required
ClusterRoleBindingList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ClusterRoleBinding required
ClusterRoleList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ClusterRole required
PolicyRule
  verbs 1 []string required list=atomic
  apiGroups 2 []string omitempty list=atomic
  resources 3 []string omitempty list=atomic
  resourceNames 4 []string omitempty list=atomic
  nonResourceURLs 5 []string omitempty list=atomic
Role
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  rules 2 []PolicyRule list=atomic
RoleBinding
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  subjects 2 []Subject omitempty list=atomic
  roleRef 3 RoleRef required
RoleBindingList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []RoleBinding required
RoleList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Role required
RoleRef struct=atomic
  apiGroup 1 string
  kind 2 string required
  name 3 string required
Subject struct=atomic
  kind 1 string required
  apiGroup 2 string omitempty
  name 3 string required
  namespace 4 string omitempty
`;
