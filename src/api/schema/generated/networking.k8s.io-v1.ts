/** The types of networking.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
HTTPIngressPath
  path 1 string omitempty
  pathType 3 PathType pointer required
  backend 2 IngressBackend required
HTTPIngressRuleValue
  paths 1 []HTTPIngressPath required list=atomic
IPAddress
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 IPAddressSpec omitempty required
IPAddressList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []IPAddress required
IPAddressSpec
  parentRef 1 ParentReference pointer omitempty required @immutable
IPBlock
  cidr 1 string required
  except 2 []string omitempty list=atomic
Ingress
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 IngressSpec omitempty
  status 3 IngressStatus omitempty
IngressBackend
  service 4 IngressServiceBackend pointer omitempty
  resource 3 v1.TypedLocalObjectReference pointer omitempty
IngressClass
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 IngressClassSpec omitempty
IngressClassList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []IngressClass required
IngressClassParametersReference
  apiGroup 1 string pointer omitempty
  kind 2 string required
  name 3 string required
  scope 4 string pointer
  namespace 5 string pointer omitempty
IngressClassSpec
  controller 1 string omitempty
  parameters 2 IngressClassParametersReference pointer omitempty
IngressList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Ingress required
IngressLoadBalancerIngress
  ip 1 string omitempty
  hostname 2 string omitempty
  ports 4 []IngressPortStatus omitempty list=atomic
IngressLoadBalancerStatus
  ingress 1 []IngressLoadBalancerIngress omitempty list=atomic
IngressPortStatus
  port 1 int32 required
  protocol 2 v1.Protocol required
  error 3 string pointer omitempty
IngressRule
  host 1 string omitempty
  @inline 2 IngressRuleValue
IngressRuleValue
  http 1 HTTPIngressRuleValue pointer omitempty
IngressServiceBackend
  name 1 string required
  port 2 ServiceBackendPort omitempty
IngressSpec
  ingressClassName 4 string pointer omitempty
  defaultBackend 1 IngressBackend pointer omitempty
  tls 2 []IngressTLS omitempty list=atomic
  rules 3 []IngressRule omitempty list=atomic
IngressStatus
  loadBalancer 1 IngressLoadBalancerStatus omitempty
IngressTLS
  hosts 1 []string omitempty list=atomic
  secretName 2 string omitempty
NetworkPolicy
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 NetworkPolicySpec omitempty
NetworkPolicyEgressRule
  ports 1 []NetworkPolicyPort omitempty list=atomic
  to 2 []NetworkPolicyPeer omitempty list=atomic
NetworkPolicyIngressRule
  ports 1 []NetworkPolicyPort omitempty list=atomic
  from 2 []NetworkPolicyPeer omitempty list=atomic
NetworkPolicyList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []NetworkPolicy required
NetworkPolicyPeer
  podSelector 1 meta/v1.LabelSelector pointer omitempty
  namespaceSelector 2 meta/v1.LabelSelector pointer omitempty
  ipBlock 3 IPBlock pointer omitempty
NetworkPolicyPort
  protocol 1 v1.Protocol pointer omitempty
  port 2 IntOrString pointer omitempty
  endPort 3 int32 pointer omitempty
NetworkPolicySpec
  podSelector 1 meta/v1.LabelSelector
  ingress 2 []NetworkPolicyIngressRule omitempty list=atomic
  egress 3 []NetworkPolicyEgressRule omitempty list=atomic
  policyTypes 4 []PolicyType omitempty list=atomic
ParentReference
  group 1 string omitempty
  resource 2 string omitempty required
  namespace 3 string omitempty
  name 4 string omitempty required
PathType = string closed values=Exact,Prefix,ImplementationSpecific
PolicyType = string closed values=Ingress,Egress
ServiceBackendPort struct=atomic
  name 1 string omitempty
  number 2 int32 omitempty
ServiceCIDR
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ServiceCIDRSpec omitempty
  status 3 ServiceCIDRStatus omitempty
ServiceCIDRList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ServiceCIDR required
ServiceCIDRSpec
  cidrs 1 []string omitempty list=atomic
ServiceCIDRStatus
  conditions 1 []meta/v1.Condition omitempty strategy=merge key=type list=map keys=type
`;
