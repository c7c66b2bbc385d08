/** The types of apiregistration.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
APIService
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 APIServiceSpec omitempty
  status 3 APIServiceStatus omitempty
APIServiceCondition
  type 1 string required
  status 2 string required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
APIServiceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []APIService required
APIServiceSpec
  service 1 ServiceReference pointer omitempty
  group 2 string omitempty
  version 3 string omitempty
  insecureSkipTLSVerify 4 bool omitempty
  caBundle 5 bytes omitempty list=atomic
  groupPriorityMinimum 7 int32 required
  versionPriority 8 int32 required
APIServiceStatus
  conditions 1 []APIServiceCondition omitempty strategy=merge key=type list=map keys=type
ServiceReference
  namespace 1 string omitempty
  name 2 string omitempty
  port 3 int32 pointer omitempty
`;
