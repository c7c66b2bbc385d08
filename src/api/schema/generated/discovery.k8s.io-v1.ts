/** The types of discovery.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
AddressType = string closed values=IPv4,IPv6,FQDN
Endpoint
  addresses 1 []string required list=set @maxItems=100
  conditions 2 EndpointConditions omitempty
  hostname 3 string pointer omitempty
  targetRef 4 v1.ObjectReference pointer omitempty
  deprecatedTopology 5 {}string omitempty
  nodeName 6 string pointer omitempty
  zone 7 string pointer omitempty
  hints 8 EndpointHints pointer omitempty
EndpointConditions
  ready 1 bool pointer omitempty
  serving 2 bool pointer omitempty
  terminating 3 bool pointer omitempty
EndpointHints
  forZones 1 []ForZone omitempty list=atomic
  forNodes 2 []ForNode omitempty list=atomic
EndpointPort struct=atomic
  name 1 string pointer omitempty
  protocol 2 v1.Protocol pointer omitempty
  port 3 int32 pointer omitempty
  appProtocol 4 string pointer omitempty
EndpointSlice
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  addressType 4 AddressType required @immutable
  endpoints 2 []Endpoint list=atomic
  ports 3 []EndpointPort list=atomic
EndpointSliceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []EndpointSlice required
ForNode
  name 1 string required
ForZone
  name 1 string required
`;
