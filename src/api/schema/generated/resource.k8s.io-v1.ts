/** The types of resource.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
AllocatedDeviceStatus
  driver 1 string required
  pool 2 string required
  device 3 string required
  shareID 7 string pointer omitempty gate=DRAConsumableCapacity @format=k8s-uuid
  conditions 4 []meta/v1.Condition list=map keys=type
  data 5 RawExtension pointer omitempty
  networkData 6 NetworkDeviceData pointer omitempty
AllocationConfigSource = string closed values=FromClass,FromClaim
AllocationResult
  devices 1 DeviceAllocationResult omitempty
  nodeSelector 3 v1.NodeSelector pointer omitempty
  allocationTimestamp 5 Time pointer omitempty gate=DRADeviceBindingConditions,DRAResourceClaimDeviceStatus
CELDeviceSelector
  expression 1 string required
CapacityRequestPolicy
  default 1 Quantity pointer
  validValues 3 []Quantity omitempty list=atomic oneof=ValidRequestValues
  validRange 4 CapacityRequestPolicyRange pointer omitempty oneof=ValidRequestValues
CapacityRequestPolicyRange
  min 1 Quantity pointer omitempty required
  max 2 Quantity pointer omitempty
  step 3 Quantity pointer omitempty
CapacityRequirements
  requests 1 {QualifiedName}Quantity omitempty
Counter
  value 1 Quantity required
CounterSet
  name 1 string required @format=k8s-short-name
  counters 2 {}Counter omitempty required @eachKey=format=k8s-short-name
Device
  name 1 string required
  attributes 2 {QualifiedName}DeviceAttribute omitempty
  capacity 3 {QualifiedName}DeviceCapacity omitempty
  consumesCounters 4 []DeviceCounterConsumption omitempty list=atomic gate=DRAPartitionableDevices @maxItems=2 @unique=map
  nodeName 5 string pointer omitempty gate=DRAPartitionableDevices oneof=DeviceNodeSelection
  nodeSelector 6 v1.NodeSelector pointer omitempty gate=DRAPartitionableDevices oneof=DeviceNodeSelection
  allNodes 7 bool pointer omitempty gate=DRAPartitionableDevices oneof=DeviceNodeSelection
  taints 8 []DeviceTaint omitempty list=atomic gate=DRADeviceTaints
  bindsToNode 9 bool pointer omitempty gate=DRADeviceBindingConditions,DRAResourceClaimDeviceStatus
  bindingConditions 10 []string omitempty list=atomic gate=DRADeviceBindingConditions,DRAResourceClaimDeviceStatus @maxItems=4
  bindingFailureConditions 11 []string omitempty list=atomic gate=DRADeviceBindingConditions,DRAResourceClaimDeviceStatus @maxItems=4
  allowMultipleAllocations 12 bool pointer omitempty gate=DRAConsumableCapacity
  nodeAllocatableResourceMappings 13 {v1.ResourceName}NodeAllocatableResourceMapping omitempty gate=DRANodeAllocatableResources
DeviceAllocationConfiguration
  source 1 AllocationConfigSource required
  requests 2 []string omitempty list=atomic @maxItems=32 @unique=set
  @inline 3 DeviceConfiguration
DeviceAllocationMode = string closed values=ExactCount,All
DeviceAllocationResult
  results 1 []DeviceRequestAllocationResult omitempty list=atomic @maxItems=32
  config 2 []DeviceAllocationConfiguration omitempty list=atomic @maxItems=64
DeviceAttribute
  int 2 int64 pointer omitempty @unionMember
  bool 3 bool pointer omitempty @unionMember
  string 4 string pointer omitempty @unionMember
  version 5 string pointer omitempty @unionMember
  ints 6 []int64 omitempty list=atomic gate=DRAListTypeAttributes @unionMember
  bools 7 []bool omitempty list=atomic gate=DRAListTypeAttributes @unionMember
  strings 8 []string omitempty list=atomic gate=DRAListTypeAttributes @unionMember
  versions 9 []string omitempty list=atomic gate=DRAListTypeAttributes @unionMember
DeviceCapacity
  value 1 Quantity required
  requestPolicy 2 CapacityRequestPolicy pointer omitempty gate=DRAConsumableCapacity
DeviceClaim
  requests 1 []DeviceRequest list=atomic @maxItems=32 @unique=map
  constraints 2 []DeviceConstraint omitempty list=atomic @maxItems=32
  config 3 []DeviceClaimConfiguration omitempty list=atomic @maxItems=32
DeviceClaimConfiguration
  requests 1 []string omitempty list=atomic @maxItems=32 @unique=set
  @inline 2 DeviceConfiguration
DeviceClass
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty @subfield(name)=format=k8s-long-name @subfield(name)=optional
  spec 2 DeviceClassSpec required
DeviceClassConfiguration
  @inline 1 DeviceConfiguration
DeviceClassList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []DeviceClass required
DeviceClassSpec
  selectors 1 []DeviceSelector omitempty list=atomic @maxItems=32
  config 2 []DeviceClassConfiguration omitempty list=atomic @maxItems=32
  extendedResourceName 4 string pointer omitempty gate=DRAExtendedResource @format=k8s-extended-resource-name
DeviceConfiguration
  opaque 1 OpaqueDeviceConfiguration pointer omitempty oneof=ConfigurationType
DeviceConstraint
  requests 1 []string omitempty list=atomic @maxItems=32 @unique=set
  matchAttribute 2 FullyQualifiedName pointer omitempty oneof=ConstraintType @format=k8s-resource-fully-qualified-name
  distinctAttribute 3 FullyQualifiedName pointer omitempty gate=DRAConsumableCapacity oneof=ConstraintType
DeviceCounterConsumption
  counterSet 1 string required @format=k8s-short-name
  counters 2 {}Counter omitempty required @eachKey=format=k8s-short-name
DeviceRequest
  name 1 string required
  exactly 2 ExactDeviceRequest pointer omitempty oneof=deviceRequestType
  firstAvailable 3 []DeviceSubRequest omitempty list=atomic gate=DRAPrioritizedList oneof=deviceRequestType @maxItems=8 @unique=map
DeviceRequestAllocationResult
  request 1 string required
  driver 2 string required @format=k8s-long-name-caseless @maxLength=63
  pool 3 string required @format=k8s-resource-pool-name
  device 4 string required
  adminAccess 5 bool pointer omitempty gate=DRAAdminAccess
  tolerations 6 []DeviceToleration omitempty list=atomic gate=DRADeviceTaints
  bindingConditions 7 []string omitempty list=atomic gate=DRADeviceBindingConditions,DRAResourceClaimDeviceStatus @maxItems=4
  bindingFailureConditions 8 []string omitempty list=atomic gate=DRADeviceBindingConditions,DRAResourceClaimDeviceStatus @maxItems=4
  shareID 9 string pointer omitempty gate=DRAConsumableCapacity @format=k8s-uuid
  consumedCapacity 10 {QualifiedName}Quantity omitempty gate=DRAConsumableCapacity
DeviceSelector
  cel 1 CELDeviceSelector pointer omitempty oneof=SelectorType
DeviceSubRequest
  name 1 string required
  deviceClassName 2 string required @format=k8s-long-name
  selectors 3 []DeviceSelector omitempty list=atomic @maxItems=32
  allocationMode 4 DeviceAllocationMode omitempty
  count 5 int64 omitempty oneof=AllocationMode
  tolerations 6 []DeviceToleration omitempty list=atomic gate=DRADeviceTaints
  capacity 7 CapacityRequirements pointer omitempty gate=DRAConsumableCapacity
DeviceTaint
  key 1 string required
  value 2 string omitempty
  effect 3 DeviceTaintEffect required
  timeAdded 4 Time pointer omitempty
DeviceTaintEffect = string closed values=None,NoSchedule,NoExecute
DeviceToleration
  key 1 string omitempty @format=k8s-label-key
  operator 2 DeviceTolerationOperator omitempty default="Equal"
  value 3 string omitempty
  effect 4 DeviceTaintEffect omitempty
  tolerationSeconds 5 int64 pointer omitempty
DeviceTolerationOperator = string closed values=Exists,Equal
ExactDeviceRequest
  deviceClassName 1 string required
  selectors 2 []DeviceSelector omitempty list=atomic @maxItems=32
  allocationMode 3 DeviceAllocationMode omitempty
  count 4 int64 omitempty oneof=AllocationMode
  adminAccess 5 bool pointer omitempty gate=DRAAdminAccess
  tolerations 6 []DeviceToleration omitempty list=atomic gate=DRADeviceTaints
  capacity 7 CapacityRequirements pointer omitempty gate=DRAConsumableCapacity
FullyQualifiedName = string
NetworkDeviceData
  interfaceName 1 string omitempty @maxBytes=256
  ips 2 []string omitempty list=atomic @maxItems=16 @unique=set
  hardwareAddress 3 string omitempty @maxBytes=128
NodeAllocatableResourceMapping
  capacityKey 1 QualifiedName pointer omitempty
  allocationMultiplier 2 Quantity pointer omitempty
OpaqueDeviceConfiguration
  driver 1 string required @format=k8s-long-name-caseless @maxLength=63
  parameters 2 RawExtension required
QualifiedName = string
ResourceClaim
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ResourceClaimSpec required @immutable
  status 3 ResourceClaimStatus omitempty
ResourceClaimConsumerReference
  apiGroup 1 string omitempty
  resource 3 string required
  name 4 string required
  uid 5 string required
ResourceClaimList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ResourceClaim required
ResourceClaimSpec
  devices 1 DeviceClaim
ResourceClaimStatus
  allocation 1 AllocationResult pointer omitempty @update=NoModify
  reservedFor 2 []ResourceClaimConsumerReference omitempty strategy=merge key=uid list=map keys=uid @maxItems=256
  devices 4 []AllocatedDeviceStatus omitempty list=map keys=driver,device,pool,shareID gate=DRAResourceClaimDeviceStatus
ResourceClaimTemplate
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ResourceClaimTemplateSpec required
ResourceClaimTemplateList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ResourceClaimTemplate required
ResourceClaimTemplateSpec
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ResourceClaimSpec required
ResourcePool
  name 1 string required
  generation 2 int64 required
  resourceSliceCount 3 int64 required
ResourceSlice
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ResourceSliceSpec required
ResourceSliceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ResourceSlice required
ResourceSliceSpec
  driver 1 string required
  pool 2 ResourcePool required
  nodeName 3 string pointer omitempty oneof=NodeSelection
  nodeSelector 4 v1.NodeSelector pointer omitempty oneof=NodeSelection
  allNodes 5 bool pointer omitempty oneof=NodeSelection
  devices 6 []Device omitempty list=atomic oneof=ResourceSliceType
  perDeviceNodeSelection 7 bool pointer omitempty gate=DRAPartitionableDevices oneof=NodeSelection
  sharedCounters 8 []CounterSet omitempty list=atomic gate=DRAPartitionableDevices oneof=ResourceSliceType @maxItems=8 @unique=map
`;
