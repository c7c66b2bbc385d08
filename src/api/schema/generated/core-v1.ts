/** The types of v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
AWSElasticBlockStoreVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  partition 3 int32 omitempty
  readOnly 4 bool omitempty
Affinity
  nodeAffinity 1 NodeAffinity pointer omitempty
  podAffinity 2 PodAffinity pointer omitempty
  podAntiAffinity 3 PodAntiAffinity pointer omitempty
AppArmorProfile
  type 1 AppArmorProfileType required discriminator
  localhostProfile 2 string pointer omitempty
AppArmorProfileType = string closed values=Unconfined,RuntimeDefault,Localhost
AttachedVolume
  name 1 UniqueVolumeName required
  devicePath 2 string required
AvoidPods
  preferAvoidPods 1 []PreferAvoidPodsEntry omitempty list=atomic
AzureDataDiskCachingMode = string closed values=None,ReadOnly,ReadWrite
AzureDataDiskKind = string closed values=Shared,Dedicated,Managed
AzureDiskVolumeSource
  diskName 1 string required
  diskURI 2 string required
  cachingMode 3 AzureDataDiskCachingMode pointer omitempty default="ReadWrite"
  fsType 4 string pointer omitempty default="ext4"
  readOnly 5 bool pointer omitempty default=false
  kind 6 AzureDataDiskKind pointer omitempty default="Shared"
AzureFilePersistentVolumeSource
  secretName 1 string required
  shareName 2 string required
  readOnly 3 bool omitempty
  secretNamespace 4 string pointer
AzureFileVolumeSource
  secretName 1 string required
  shareName 2 string required
  readOnly 3 bool omitempty
Binding
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  target 2 ObjectReference required
CSIPersistentVolumeSource
  driver 1 string required
  volumeHandle 2 string required
  readOnly 3 bool omitempty
  fsType 4 string omitempty
  volumeAttributes 5 {}string omitempty
  controllerPublishSecretRef 6 SecretReference pointer omitempty
  nodeStageSecretRef 7 SecretReference pointer omitempty
  nodePublishSecretRef 8 SecretReference pointer omitempty
  controllerExpandSecretRef 9 SecretReference pointer omitempty
  nodeExpandSecretRef 10 SecretReference pointer omitempty
CSIVolumeSource
  driver 1 string required
  readOnly 2 bool pointer omitempty
  fsType 3 string pointer omitempty
  volumeAttributes 4 {}string omitempty
  nodePublishSecretRef 5 LocalObjectReference pointer omitempty
Capabilities
  add 1 []Capability omitempty list=atomic
  drop 2 []Capability omitempty list=atomic
Capability = string
CephFSPersistentVolumeSource
  monitors 1 []string required list=atomic
  path 2 string omitempty
  user 3 string omitempty
  secretFile 4 string omitempty
  secretRef 5 SecretReference pointer omitempty
  readOnly 6 bool omitempty
CephFSVolumeSource
  monitors 1 []string required list=atomic
  path 2 string omitempty
  user 3 string omitempty
  secretFile 4 string omitempty
  secretRef 5 LocalObjectReference pointer omitempty
  readOnly 6 bool omitempty
CinderPersistentVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  readOnly 3 bool omitempty
  secretRef 4 SecretReference pointer omitempty
CinderVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  readOnly 3 bool omitempty
  secretRef 4 LocalObjectReference pointer omitempty
ClaimResourceStatus = string closed values=ControllerResizeInProgress,ControllerResizeInfeasible,NodeResizePending,NodeResizeInProgress,NodeResizeInfeasible
ClientIPConfig
  timeoutSeconds 1 int32 pointer omitempty
ClusterTrustBundleProjection
  name 1 string pointer omitempty
  signerName 2 string pointer omitempty
  labelSelector 3 meta/v1.LabelSelector pointer omitempty
  optional 5 bool pointer omitempty
  path 4 string required
ComponentCondition
  type 1 ComponentConditionType required
  status 2 ConditionStatus required
  message 3 string omitempty
  error 4 string omitempty
ComponentConditionType = string values=Healthy
ComponentStatus
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  conditions 2 []ComponentCondition omitempty strategy=merge key=type list=map keys=type
ComponentStatusList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ComponentStatus required
ConditionStatus = string values=True,False,Unknown
ConfigMap
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  immutable 4 bool pointer omitempty
  data 2 {}string omitempty
  binaryData 3 {}bytes omitempty
ConfigMapEnvSource
  @inline 1 LocalObjectReference
  optional 2 bool pointer omitempty
ConfigMapKeySelector struct=atomic
  @inline 1 LocalObjectReference
  key 2 string required
  optional 3 bool pointer omitempty
ConfigMapList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ConfigMap required
ConfigMapNodeConfigSource
  namespace 1 string required
  name 2 string required
  uid 3 string omitempty
  resourceVersion 4 string omitempty
  kubeletConfigKey 5 string required
ConfigMapProjection
  @inline 1 LocalObjectReference
  items 2 []KeyToPath omitempty list=atomic
  optional 4 bool pointer omitempty
ConfigMapVolumeSource
  @inline 1 LocalObjectReference
  items 2 []KeyToPath omitempty list=atomic
  defaultMode 3 int32 pointer omitempty
  optional 4 bool pointer omitempty
Container
  name 1 string required
  image 2 string omitempty
  command 3 []string omitempty list=atomic
  args 4 []string omitempty list=atomic
  workingDir 5 string omitempty
  ports 6 []ContainerPort omitempty strategy=merge key=containerPort list=map keys=containerPort,protocol
  envFrom 19 []EnvFromSource omitempty list=atomic
  env 7 []EnvVar omitempty strategy=merge key=name list=map keys=name
  resources 8 ResourceRequirements omitempty
  resizePolicy 23 []ContainerResizePolicy omitempty list=atomic gate=InPlacePodVerticalScaling
  restartPolicy 24 ContainerRestartPolicy pointer omitempty
  restartPolicyRules 25 []ContainerRestartRule omitempty list=atomic gate=ContainerRestartRules
  volumeMounts 9 []VolumeMount omitempty strategy=merge key=mountPath list=map keys=mountPath
  volumeDevices 21 []VolumeDevice omitempty strategy=merge key=devicePath list=map keys=devicePath
  livenessProbe 10 Probe pointer omitempty
  readinessProbe 11 Probe pointer omitempty
  startupProbe 22 Probe pointer omitempty
  lifecycle 12 Lifecycle pointer omitempty
  terminationMessagePath 13 string omitempty
  terminationMessagePolicy 20 TerminationMessagePolicy omitempty
  imagePullPolicy 14 PullPolicy omitempty
  securityContext 15 SecurityContext pointer omitempty
  stdin 16 bool omitempty
  stdinOnce 17 bool omitempty
  tty 18 bool omitempty
ContainerExtendedResourceRequest
  containerName 1 string required
  resourceName 2 string required
  requestName 3 string required
ContainerImage
  names 1 []string list=atomic
  sizeBytes 2 int64 omitempty
ContainerPort
  name 1 string omitempty
  hostPort 2 int32 omitempty
  containerPort 3 int32 required
  protocol 4 Protocol omitempty default="TCP"
  hostIP 5 string omitempty
ContainerResizePolicy
  resourceName 1 ResourceName required
  restartPolicy 2 ResourceResizeRestartPolicy required
ContainerRestartPolicy = string values=Always,Never,OnFailure
ContainerRestartRule
  action 1 ContainerRestartRuleAction omitempty required
  exitCodes 2 ContainerRestartRuleOnExitCodes pointer omitempty oneof=when
ContainerRestartRuleAction = string values=Restart,RestartAllContainers
ContainerRestartRuleOnExitCodes
  operator 1 ContainerRestartRuleOnExitCodesOperator omitempty required
  values 2 []int32 omitempty list=set
ContainerRestartRuleOnExitCodesOperator = string values=In,NotIn
ContainerState
  waiting 1 ContainerStateWaiting pointer omitempty
  running 2 ContainerStateRunning pointer omitempty
  terminated 3 ContainerStateTerminated pointer omitempty
ContainerStateRunning
  startedAt 1 Time omitempty
ContainerStateTerminated
  exitCode 1 int32 required
  signal 2 int32 omitempty
  reason 3 string omitempty
  message 4 string omitempty
  startedAt 5 Time omitempty
  finishedAt 6 Time omitempty
  containerID 7 string omitempty
ContainerStateWaiting
  reason 1 string omitempty
  message 2 string omitempty
ContainerStatus
  name 1 string required
  state 2 ContainerState omitempty
  lastState 3 ContainerState omitempty
  ready 4 bool required
  restartCount 5 int32 required
  image 6 string required
  imageID 7 string required
  containerID 8 string omitempty
  started 9 bool pointer omitempty
  allocatedResources 10 ResourceList omitempty
  resources 11 ResourceRequirements pointer omitempty gate=InPlacePodVerticalScaling
  volumeMounts 12 []VolumeMountStatus omitempty strategy=merge key=mountPath list=map keys=mountPath
  user 13 ContainerUser pointer omitempty gate=SupplementalGroupsPolicy
  allocatedResourcesStatus 14 []ResourceStatus omitempty strategy=merge key=name list=map keys=name gate=ResourceHealthStatus
  stopSignal 15 Signal pointer omitempty gate=ContainerStopSignals
ContainerUser
  linux 1 LinuxContainerUser pointer omitempty
DNSPolicy = string closed values=ClusterFirstWithHostNet,ClusterFirst,Default,None
DaemonEndpoint
  Port 1 int32 required
DownwardAPIProjection
  items 1 []DownwardAPIVolumeFile omitempty list=atomic
DownwardAPIVolumeFile
  path 1 string required
  fieldRef 2 ObjectFieldSelector pointer omitempty
  resourceFieldRef 3 ResourceFieldSelector pointer omitempty
  mode 4 int32 pointer omitempty
DownwardAPIVolumeSource
  items 1 []DownwardAPIVolumeFile omitempty list=atomic
  defaultMode 2 int32 pointer omitempty
EmptyDirVolumeSource
  medium 1 StorageMedium omitempty
  sizeLimit 2 Quantity pointer omitempty
EndpointAddress struct=atomic
  ip 1 string required
  hostname 3 string omitempty
  nodeName 4 string pointer omitempty
  targetRef 2 ObjectReference pointer omitempty
EndpointPort struct=atomic
  name 1 string omitempty
  port 2 int32 required
  protocol 3 Protocol omitempty
  appProtocol 4 string pointer omitempty
EndpointSubset
  addresses 1 []EndpointAddress omitempty list=atomic
  notReadyAddresses 2 []EndpointAddress omitempty list=atomic
  ports 3 []EndpointPort omitempty list=atomic
Endpoints
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  subsets 2 []EndpointSubset omitempty list=atomic
EndpointsList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Endpoints required
EnvFromSource
  prefix 1 string omitempty
  configMapRef 2 ConfigMapEnvSource pointer omitempty
  secretRef 3 SecretEnvSource pointer omitempty
EnvVar
  name 1 string required
  value 2 string omitempty
  valueFrom 3 EnvVarSource pointer omitempty
EnvVarSource
  fieldRef 1 ObjectFieldSelector pointer omitempty
  resourceFieldRef 2 ResourceFieldSelector pointer omitempty
  configMapKeyRef 3 ConfigMapKeySelector pointer omitempty
  secretKeyRef 4 SecretKeySelector pointer omitempty
  fileKeyRef 5 FileKeySelector pointer omitempty gate=EnvFiles
EphemeralContainer
  @inline 1 EphemeralContainerCommon
  targetContainerName 2 string omitempty
EphemeralContainerCommon
  name 1 string required
  image 2 string omitempty
  command 3 []string omitempty list=atomic
  args 4 []string omitempty list=atomic
  workingDir 5 string omitempty
  ports 6 []ContainerPort omitempty strategy=merge key=containerPort list=map keys=containerPort,protocol
  envFrom 19 []EnvFromSource omitempty list=atomic
  env 7 []EnvVar omitempty strategy=merge key=name list=map keys=name
  resources 8 ResourceRequirements omitempty
  resizePolicy 23 []ContainerResizePolicy omitempty list=atomic gate=InPlacePodVerticalScaling
  restartPolicy 24 ContainerRestartPolicy pointer omitempty
  restartPolicyRules 25 []ContainerRestartRule omitempty list=atomic gate=ContainerRestartRules
  volumeMounts 9 []VolumeMount omitempty strategy=merge key=mountPath list=map keys=mountPath
  volumeDevices 21 []VolumeDevice omitempty strategy=merge key=devicePath list=map keys=devicePath
  livenessProbe 10 Probe pointer omitempty
  readinessProbe 11 Probe pointer omitempty
  startupProbe 22 Probe pointer omitempty
  lifecycle 12 Lifecycle pointer omitempty
  terminationMessagePath 13 string omitempty
  terminationMessagePolicy 20 TerminationMessagePolicy omitempty
  imagePullPolicy 14 PullPolicy omitempty
  securityContext 15 SecurityContext pointer omitempty
  stdin 16 bool omitempty
  stdinOnce 17 bool omitempty
  tty 18 bool omitempty
EphemeralVolumeSource
  volumeClaimTemplate 1 PersistentVolumeClaimTemplate pointer omitempty
Event
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta required
  involvedObject 2 ObjectReference required
  reason 3 string omitempty
  message 4 string omitempty
  source 5 EventSource omitempty
  firstTimestamp 6 Time omitempty
  lastTimestamp 7 Time omitempty
  count 8 int32 omitempty
  type 9 string omitempty
  eventTime 10 MicroTime omitempty
  series 11 EventSeries pointer omitempty
  action 12 string omitempty
  related 13 ObjectReference pointer omitempty
  reportingComponent 14 string
  reportingInstance 15 string
EventList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Event required
EventSeries
  count 1 int32 omitempty
  lastObservedTime 2 MicroTime omitempty
EventSource
  component 1 string omitempty
  host 2 string omitempty
ExecAction
  command 1 []string omitempty list=atomic
FCVolumeSource
  targetWWNs 1 []string omitempty list=atomic
  lun 2 int32 pointer omitempty
  fsType 3 string omitempty
  readOnly 4 bool omitempty
  wwids 5 []string omitempty list=atomic
FileKeySelector struct=atomic
  volumeName 1 string required
  path 2 string required
  key 3 string required
  optional 4 bool pointer omitempty default=false
FinalizerName = string values=kubernetes
FlexPersistentVolumeSource
  driver 1 string required
  fsType 2 string omitempty
  secretRef 3 SecretReference pointer omitempty
  readOnly 4 bool omitempty
  options 5 {}string omitempty
FlexVolumeSource
  driver 1 string required
  fsType 2 string omitempty
  secretRef 3 LocalObjectReference pointer omitempty
  readOnly 4 bool omitempty
  options 5 {}string omitempty
FlockerVolumeSource
  datasetName 1 string omitempty
  datasetUUID 2 string omitempty
GCEPersistentDiskVolumeSource
  pdName 1 string required
  fsType 2 string omitempty
  partition 3 int32 omitempty
  readOnly 4 bool omitempty
GRPCAction
  port 1 int32 required
  service 2 string pointer default=""
GitRepoVolumeSource
  repository 1 string required
  revision 2 string omitempty
  directory 3 string omitempty
GlusterfsPersistentVolumeSource
  endpoints 1 string required
  path 2 string required
  readOnly 3 bool omitempty
  endpointsNamespace 4 string pointer omitempty
GlusterfsVolumeSource
  endpoints 1 string required
  path 2 string required
  readOnly 3 bool omitempty
HTTPGetAction
  path 1 string omitempty
  port 2 IntOrString required
  host 3 string omitempty
  scheme 4 URIScheme omitempty
  httpHeaders 5 []HTTPHeader omitempty list=atomic
HTTPHeader
  name 1 string required
  value 2 string required
HostAlias
  ip 1 string required
  hostnames 2 []string omitempty list=atomic
HostIP
  ip 1 string required
HostPathType = string closed values=,DirectoryOrCreate,Directory,FileOrCreate,File,Socket,CharDevice,BlockDevice
HostPathVolumeSource
  path 1 string required
  type 2 HostPathType pointer omitempty
IPFamily = string closed values=IPv4,IPv6,
IPFamilyPolicy = string closed values=SingleStack,PreferDualStack,RequireDualStack
IPFamilyPolicyType = IPFamilyPolicy
ISCSIPersistentVolumeSource
  targetPortal 1 string required
  iqn 2 string required
  lun 3 int32 required
  iscsiInterface 4 string omitempty default="default"
  fsType 5 string omitempty
  readOnly 6 bool omitempty
  portals 7 []string omitempty list=atomic
  chapAuthDiscovery 8 bool omitempty
  chapAuthSession 11 bool omitempty
  secretRef 10 SecretReference pointer omitempty
  initiatorName 12 string pointer omitempty
ISCSIVolumeSource
  targetPortal 1 string required
  iqn 2 string required
  lun 3 int32 required
  iscsiInterface 4 string omitempty default="default"
  fsType 5 string omitempty
  readOnly 6 bool omitempty
  portals 7 []string omitempty list=atomic
  chapAuthDiscovery 8 bool omitempty
  chapAuthSession 11 bool omitempty
  secretRef 10 LocalObjectReference pointer omitempty
  initiatorName 12 string pointer omitempty
ImageVolumeSource
  reference 1 string omitempty
  pullPolicy 2 PullPolicy omitempty
ImageVolumeStatus
  imageRef 1 string omitempty required
KeyToPath
  key 1 string required
  path 2 string required
  mode 3 int32 pointer omitempty
Lifecycle
  postStart 1 LifecycleHandler pointer omitempty
  preStop 2 LifecycleHandler pointer omitempty
  stopSignal 3 Signal pointer omitempty
LifecycleHandler
  exec 1 ExecAction pointer omitempty
  httpGet 2 HTTPGetAction pointer omitempty
  tcpSocket 3 TCPSocketAction pointer omitempty
  sleep 4 SleepAction pointer omitempty
LimitRange
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 LimitRangeSpec omitempty
LimitRangeItem
  type 1 LimitType required
  max 2 ResourceList omitempty
  min 3 ResourceList omitempty
  default 4 ResourceList omitempty
  defaultRequest 5 ResourceList omitempty
  maxLimitRequestRatio 6 ResourceList omitempty
LimitRangeList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []LimitRange required
LimitRangeSpec
  limits 1 []LimitRangeItem required list=atomic
LimitType = string values=Pod,Container,PersistentVolumeClaim
LinuxContainerUser
  uid 1 int64 required
  gid 2 int64 required
  supplementalGroups 3 []int64 omitempty list=atomic
List
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []RawExtension required
LoadBalancerIPMode = string values=VIP,Proxy
LoadBalancerIngress
  ip 1 string omitempty
  hostname 2 string omitempty
  ipMode 3 LoadBalancerIPMode pointer omitempty
  ports 4 []PortStatus omitempty list=atomic
LoadBalancerStatus
  ingress 1 []LoadBalancerIngress omitempty list=atomic
LocalObjectReference struct=atomic
  name 1 string omitempty default=""
LocalVolumeSource
  path 1 string required
  fsType 2 string pointer omitempty
ModifyVolumeStatus
  targetVolumeAttributesClassName 1 string omitempty
  status 2 PersistentVolumeClaimModifyVolumeStatus required
MountPropagationMode = string closed values=None,HostToContainer,Bidirectional
NFSVolumeSource
  server 1 string required
  path 2 string required
  readOnly 3 bool omitempty
Namespace
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 NamespaceSpec omitempty
  status 3 NamespaceStatus omitempty
NamespaceCondition
  type 1 NamespaceConditionType required
  status 2 ConditionStatus required
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
NamespaceConditionType = string values=NamespaceDeletionDiscoveryFailure,NamespaceDeletionContentFailure,NamespaceDeletionGroupVersionParsingFailure,NamespaceContentRemaining,NamespaceFinalizersRemaining
NamespaceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Namespace required
NamespacePhase = string closed values=Active,Terminating
NamespaceSpec
  finalizers 1 []FinalizerName omitempty list=atomic
NamespaceStatus
  phase 1 NamespacePhase omitempty
  conditions 2 []NamespaceCondition omitempty strategy=merge key=type list=map keys=type
Node
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 NodeSpec omitempty
  status 3 NodeStatus omitempty
NodeAddress
  type 1 NodeAddressType required
  address 2 string required
NodeAddressType = string values=Hostname,InternalIP,ExternalIP,InternalDNS,ExternalDNS
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector pointer omitempty
  preferredDuringSchedulingIgnoredDuringExecution 2 []PreferredSchedulingTerm omitempty list=atomic
NodeAllocatableResourceClaimStatus
  resourceClaimName 1 string required
  containers 2 []string omitempty list=set
  resources 3 {ResourceName}Quantity required
NodeCondition
  type 1 NodeConditionType required
  status 2 ConditionStatus required
  lastHeartbeatTime 3 Time omitempty
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
NodeConditionType = string values=Ready,MemoryPressure,DiskPressure,PIDPressure,NetworkUnavailable
NodeConfigSource
  configMap 2 ConfigMapNodeConfigSource pointer omitempty
NodeConfigStatus
  assigned 1 NodeConfigSource pointer omitempty
  active 2 NodeConfigSource pointer omitempty
  lastKnownGood 3 NodeConfigSource pointer omitempty
  error 4 string omitempty
NodeDaemonEndpoints
  kubeletEndpoint 1 DaemonEndpoint omitempty
NodeFeatures
  supplementalGroupsPolicy 1 bool pointer omitempty
NodeInclusionPolicy = string closed values=Ignore,Honor
NodeList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Node required
NodePhase = string closed values=Pending,Running,Terminated
NodeProxyOptions
  @inline - meta/v1.TypeMeta
  path 1 string omitempty
NodeRuntimeHandler
  name 1 string
  features 2 NodeRuntimeHandlerFeatures pointer omitempty
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts 1 bool pointer omitempty
  userNamespaces 2 bool pointer omitempty
NodeSelector struct=atomic
  nodeSelectorTerms 1 []NodeSelectorTerm required list=atomic
NodeSelectorOperator = string closed values=In,NotIn,Exists,DoesNotExist,Gt,Lt
NodeSelectorRequirement
  key 1 string required
  operator 2 NodeSelectorOperator required
  values 3 []string omitempty list=atomic
NodeSelectorTerm struct=atomic
  matchExpressions 1 []NodeSelectorRequirement omitempty list=atomic
  matchFields 2 []NodeSelectorRequirement omitempty list=atomic
NodeSpec
  podCIDR 1 string omitempty
  podCIDRs 7 []string omitempty strategy=merge list=set
  providerID 3 string omitempty
  unschedulable 4 bool omitempty
  taints 5 []Taint omitempty list=atomic
  configSource 6 NodeConfigSource pointer omitempty
  externalID 2 string omitempty
NodeStatus
  capacity 1 ResourceList omitempty
  allocatable 2 ResourceList omitempty
  phase 3 NodePhase omitempty
  conditions 4 []NodeCondition omitempty strategy=merge key=type list=map keys=type
  addresses 5 []NodeAddress omitempty strategy=merge key=type list=map keys=type
  daemonEndpoints 6 NodeDaemonEndpoints omitempty
  nodeInfo 7 NodeSystemInfo omitempty
  images 8 []ContainerImage omitempty list=atomic
  volumesInUse 9 []UniqueVolumeName omitempty list=atomic
  volumesAttached 10 []AttachedVolume omitempty list=atomic
  config 11 NodeConfigStatus pointer omitempty
  runtimeHandlers 12 []NodeRuntimeHandler omitempty list=atomic
  features 13 NodeFeatures pointer omitempty gate=SupplementalGroupsPolicy
  declaredFeatures 14 []string omitempty list=atomic gate=NodeDeclaredFeatures
NodeSwapStatus
  capacity 1 int64 pointer omitempty
NodeSystemInfo
  machineID 1 string required
  systemUUID 2 string required
  bootID 3 string required
  kernelVersion 4 string required
  osImage 5 string required
  containerRuntimeVersion 6 string required
  kubeletVersion 7 string required
  kubeProxyVersion 8 string required
  operatingSystem 9 string required
  architecture 10 string required
  swap 11 NodeSwapStatus pointer omitempty
OSName = string values=linux,windows
ObjectFieldSelector struct=atomic
  apiVersion 1 string omitempty
  fieldPath 2 string required
ObjectReference struct=atomic
  kind 1 string omitempty
  namespace 2 string omitempty
  name 3 string omitempty
  uid 4 string omitempty
  apiVersion 5 string omitempty
  resourceVersion 6 string omitempty
  fieldPath 7 string omitempty
PersistentVolume
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PersistentVolumeSpec omitempty
  status 3 PersistentVolumeStatus omitempty
PersistentVolumeAccessMode = string closed values=ReadWriteOnce,ReadOnlyMany,ReadWriteMany,ReadWriteOncePod
PersistentVolumeClaim
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PersistentVolumeClaimSpec omitempty
  status 3 PersistentVolumeClaimStatus omitempty
PersistentVolumeClaimCondition
  type 1 PersistentVolumeClaimConditionType required
  status 2 ConditionStatus required
  lastProbeTime 3 Time omitempty
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
PersistentVolumeClaimConditionType = string values=Resizing,FileSystemResizePending,ControllerResizeError,NodeResizeError,ModifyVolumeError,ModifyingVolume,Unused
PersistentVolumeClaimList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []PersistentVolumeClaim required
PersistentVolumeClaimModifyVolumeStatus = string closed values=Pending,InProgress,Infeasible
PersistentVolumeClaimPhase = string closed values=Pending,Bound,Lost
PersistentVolumeClaimSpec
  accessModes 1 []PersistentVolumeAccessMode omitempty list=atomic
  selector 4 meta/v1.LabelSelector pointer omitempty
  resources 2 VolumeResourceRequirements omitempty
  volumeName 3 string omitempty
  storageClassName 5 string pointer omitempty
  volumeMode 6 PersistentVolumeMode pointer omitempty
  dataSource 7 TypedLocalObjectReference pointer omitempty
  dataSourceRef 8 TypedObjectReference pointer omitempty
  volumeAttributesClassName 9 string pointer omitempty gate=VolumeAttributesClass
PersistentVolumeClaimStatus
  phase 1 PersistentVolumeClaimPhase omitempty
  accessModes 2 []PersistentVolumeAccessMode omitempty list=atomic
  capacity 3 ResourceList omitempty
  conditions 4 []PersistentVolumeClaimCondition omitempty strategy=merge key=type list=map keys=type
  allocatedResources 5 ResourceList omitempty
  allocatedResourceStatuses 7 {ResourceName}ClaimResourceStatus omitempty map=granular
  currentVolumeAttributesClassName 8 string pointer omitempty gate=VolumeAttributesClass
  modifyVolumeStatus 9 ModifyVolumeStatus pointer omitempty gate=VolumeAttributesClass
PersistentVolumeClaimTemplate
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PersistentVolumeClaimSpec required
PersistentVolumeClaimVolumeSource
  claimName 1 string required
  readOnly 2 bool omitempty
PersistentVolumeList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []PersistentVolume required
PersistentVolumeMode = string closed values=Block,Filesystem
PersistentVolumePhase = string closed values=Pending,Available,Bound,Released,Failed
PersistentVolumeReclaimPolicy = string closed values=Recycle,Delete,Retain
PersistentVolumeSource
  gcePersistentDisk 1 GCEPersistentDiskVolumeSource pointer omitempty
  awsElasticBlockStore 2 AWSElasticBlockStoreVolumeSource pointer omitempty
  hostPath 3 HostPathVolumeSource pointer omitempty
  glusterfs 4 GlusterfsPersistentVolumeSource pointer omitempty
  nfs 5 NFSVolumeSource pointer omitempty
  rbd 6 RBDPersistentVolumeSource pointer omitempty
  iscsi 7 ISCSIPersistentVolumeSource pointer omitempty
  cinder 8 CinderPersistentVolumeSource pointer omitempty
  cephfs 9 CephFSPersistentVolumeSource pointer omitempty
  fc 10 FCVolumeSource pointer omitempty
  flocker 11 FlockerVolumeSource pointer omitempty
  flexVolume 12 FlexPersistentVolumeSource pointer omitempty
  azureFile 13 AzureFilePersistentVolumeSource pointer omitempty
  vsphereVolume 14 VsphereVirtualDiskVolumeSource pointer omitempty
  quobyte 15 QuobyteVolumeSource pointer omitempty
  azureDisk 16 AzureDiskVolumeSource pointer omitempty
  photonPersistentDisk 17 PhotonPersistentDiskVolumeSource pointer omitempty
  portworxVolume 18 PortworxVolumeSource pointer omitempty
  scaleIO 19 ScaleIOPersistentVolumeSource pointer omitempty
  local 20 LocalVolumeSource pointer omitempty
  storageos 21 StorageOSPersistentVolumeSource pointer omitempty
  csi 22 CSIPersistentVolumeSource pointer omitempty
PersistentVolumeSpec
  capacity 1 ResourceList omitempty
  @inline 2 PersistentVolumeSource
  accessModes 3 []PersistentVolumeAccessMode omitempty list=atomic
  claimRef 4 ObjectReference pointer omitempty struct=granular
  persistentVolumeReclaimPolicy 5 PersistentVolumeReclaimPolicy omitempty
  storageClassName 6 string omitempty
  mountOptions 7 []string omitempty list=atomic
  volumeMode 8 PersistentVolumeMode pointer omitempty
  nodeAffinity 9 VolumeNodeAffinity pointer omitempty
  volumeAttributesClassName 10 string pointer omitempty gate=VolumeAttributesClass
PersistentVolumeStatus
  phase 1 PersistentVolumePhase omitempty
  message 2 string omitempty
  reason 3 string omitempty
  lastPhaseTransitionTime 4 Time pointer omitempty
PhotonPersistentDiskVolumeSource
  pdID 1 string required
  fsType 2 string omitempty
Pod
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PodSpec omitempty
  status 3 PodStatus omitempty
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 []PodAffinityTerm omitempty list=atomic
  preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm omitempty list=atomic
PodAffinityTerm
  labelSelector 1 meta/v1.LabelSelector pointer omitempty
  namespaces 2 []string omitempty list=atomic
  topologyKey 3 string required
  namespaceSelector 4 meta/v1.LabelSelector pointer omitempty
  matchLabelKeys 5 []string omitempty list=atomic
  mismatchLabelKeys 6 []string omitempty list=atomic
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 []PodAffinityTerm omitempty list=atomic
  preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm omitempty list=atomic
PodAttachOptions
  @inline - meta/v1.TypeMeta
  stdin 1 bool omitempty
  stdout 2 bool omitempty
  stderr 3 bool omitempty
  tty 4 bool omitempty
  container 5 string omitempty
PodCertificateProjection
  signerName 1 string omitempty required
  keyType 2 string omitempty required
  maxExpirationSeconds 3 int32 pointer omitempty
  credentialBundlePath 4 string omitempty
  keyPath 5 string omitempty
  certificateChainPath 6 string omitempty
  userAnnotations 7 {}string omitempty
PodCondition
  type 1 PodConditionType required
  observedGeneration 7 int64 omitempty
  status 2 ConditionStatus required
  lastProbeTime 3 Time omitempty
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
PodConditionType = string values=ContainersReady,Initialized,Ready,PodScheduled,DisruptionTarget,PodReadyToStartContainers,PodResizePending,PodResizeInProgress,AllContainersRestarting
PodDNSConfig
  nameservers 1 []string omitempty list=atomic
  searches 2 []string omitempty list=atomic
  options 3 []PodDNSConfigOption omitempty list=atomic
PodDNSConfigOption
  name 1 string omitempty
  value 2 string pointer omitempty
PodExecOptions
  @inline - meta/v1.TypeMeta
  stdin 1 bool omitempty
  stdout 2 bool omitempty
  stderr 3 bool omitempty
  tty 4 bool omitempty
  container 5 string omitempty
  command 6 []string required list=atomic
PodExtendedResourceClaimStatus
  requestMappings 1 []ContainerExtendedResourceRequest required list=atomic
  resourceClaimName 2 string required
PodFSGroupChangePolicy = string closed values=OnRootMismatch,Always
PodIP
  ip 1 string required
PodList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Pod required
PodLogOptions
  @inline - meta/v1.TypeMeta
  container 1 string omitempty
  follow 2 bool omitempty
  previous 3 bool omitempty
  sinceSeconds 4 int64 pointer omitempty
  sinceTime 5 Time pointer omitempty
  timestamps 6 bool omitempty
  tailLines 7 int64 pointer omitempty
  limitBytes 8 int64 pointer omitempty
  insecureSkipTLSVerifyBackend 9 bool omitempty
  stream 10 string pointer omitempty gate=PodLogsQuerySplitStreams
PodOS
  name 1 OSName required
PodPhase = string closed values=Pending,Running,Succeeded,Failed,Unknown
PodPortForwardOptions
  @inline - meta/v1.TypeMeta
  ports 1 []int32 omitempty list=atomic
PodProxyOptions
  @inline - meta/v1.TypeMeta
  path 1 string omitempty
PodQOSClass = string closed values=Guaranteed,Burstable,BestEffort
PodReadinessGate
  conditionType 1 PodConditionType required
PodResizeStatus = string values=InProgress,Deferred,Infeasible
PodResourceClaim
  name 1 string required
  resourceClaimName 3 string pointer omitempty
  resourceClaimTemplateName 4 string pointer omitempty
PodResourceClaimStatus
  name 1 string required
  resourceClaimName 2 string pointer omitempty
PodSELinuxChangePolicy = string values=Recursive,MountOption
PodSchedulingGate
  name 1 string required
PodSchedulingGroup
  podGroupName 1 string pointer omitempty oneof=GroupSelection
PodSecurityContext
  seLinuxOptions 1 SELinuxOptions pointer omitempty
  windowsOptions 8 WindowsSecurityContextOptions pointer omitempty
  runAsUser 2 int64 pointer omitempty
  runAsGroup 6 int64 pointer omitempty
  runAsNonRoot 3 bool pointer omitempty
  supplementalGroups 4 []int64 omitempty list=atomic
  supplementalGroupsPolicy 12 SupplementalGroupsPolicy pointer omitempty gate=SupplementalGroupsPolicy
  fsGroup 5 int64 pointer omitempty
  sysctls 7 []Sysctl omitempty list=atomic
  fsGroupChangePolicy 9 PodFSGroupChangePolicy pointer omitempty
  seccompProfile 10 SeccompProfile pointer omitempty
  appArmorProfile 11 AppArmorProfile pointer omitempty
  seLinuxChangePolicy 13 PodSELinuxChangePolicy pointer omitempty gate=SELinuxChangePolicy
PodSignature
  podController 1 meta/v1.OwnerReference pointer omitempty
PodSpec
  volumes 1 []Volume omitempty strategy=merge,retainKeys key=name list=map keys=name
  initContainers 20 []Container omitempty strategy=merge key=name list=map keys=name
  containers 2 []Container required strategy=merge key=name list=map keys=name
  ephemeralContainers 34 []EphemeralContainer omitempty strategy=merge key=name list=map keys=name
  restartPolicy 3 RestartPolicy omitempty
  terminationGracePeriodSeconds 4 int64 pointer omitempty
  activeDeadlineSeconds 5 int64 pointer omitempty
  dnsPolicy 6 DNSPolicy omitempty
  nodeSelector 7 {}string omitempty map=atomic
  serviceAccountName 8 string omitempty
  serviceAccount 9 string omitempty
  automountServiceAccountToken 21 bool pointer omitempty
  nodeName 10 string omitempty
  hostNetwork 11 bool omitempty
  hostPID 12 bool omitempty
  hostIPC 13 bool omitempty
  shareProcessNamespace 27 bool pointer omitempty
  securityContext 14 PodSecurityContext pointer omitempty
  imagePullSecrets 15 []LocalObjectReference omitempty strategy=merge key=name list=map keys=name
  hostname 16 string omitempty
  subdomain 17 string omitempty
  affinity 18 Affinity pointer omitempty
  schedulerName 19 string omitempty
  tolerations 22 []Toleration omitempty list=atomic
  hostAliases 23 []HostAlias omitempty strategy=merge key=ip list=map keys=ip
  priorityClassName 24 string omitempty
  priority 25 int32 pointer omitempty
  dnsConfig 26 PodDNSConfig pointer omitempty
  readinessGates 28 []PodReadinessGate omitempty list=atomic
  runtimeClassName 29 string pointer omitempty
  enableServiceLinks 30 bool pointer omitempty
  preemptionPolicy 31 PreemptionPolicy pointer omitempty
  overhead 32 ResourceList omitempty
  topologySpreadConstraints 33 []TopologySpreadConstraint omitempty strategy=merge key=topologyKey list=map keys=topologyKey,whenUnsatisfiable
  setHostnameAsFQDN 35 bool pointer omitempty
  os 36 PodOS pointer omitempty
  hostUsers 37 bool pointer omitempty
  schedulingGates 38 []PodSchedulingGate omitempty strategy=merge key=name list=map keys=name
  resourceClaims 39 []PodResourceClaim omitempty strategy=merge,retainKeys key=name list=map keys=name gate=DynamicResourceAllocation
  resources 40 ResourceRequirements pointer omitempty gate=PodLevelResources
  hostnameOverride 41 string pointer omitempty gate=HostnameOverride
  schedulingGroup 43 PodSchedulingGroup pointer omitempty gate=GenericWorkload
PodStatus
  observedGeneration 17 int64 omitempty
  phase 1 PodPhase omitempty
  conditions 2 []PodCondition omitempty strategy=merge key=type list=map keys=type
  message 3 string omitempty
  reason 4 string omitempty
  nominatedNodeName 11 string omitempty
  hostIP 5 string omitempty
  hostIPs 16 []HostIP omitempty strategy=merge key=ip list=atomic
  podIP 6 string omitempty
  podIPs 12 []PodIP omitempty strategy=merge key=ip list=map keys=ip
  startTime 7 Time pointer omitempty
  initContainerStatuses 10 []ContainerStatus omitempty list=atomic
  containerStatuses 8 []ContainerStatus omitempty list=atomic
  qosClass 9 PodQOSClass omitempty
  ephemeralContainerStatuses 13 []ContainerStatus omitempty list=atomic
  resize 14 PodResizeStatus omitempty gate=InPlacePodVerticalScaling
  resourceClaimStatuses 15 []PodResourceClaimStatus omitempty strategy=merge,retainKeys key=name list=map keys=name gate=DynamicResourceAllocation
  extendedResourceClaimStatus 18 PodExtendedResourceClaimStatus pointer omitempty gate=DRAExtendedResource
  allocatedResources 19 ResourceList omitempty gate=InPlacePodLevelResourcesVerticalScaling
  resources 20 ResourceRequirements pointer omitempty gate=InPlacePodLevelResourcesVerticalScaling
  nodeAllocatableResourceClaimStatuses 21 []NodeAllocatableResourceClaimStatus omitempty list=atomic gate=DRANodeAllocatableResources
PodStatusResult
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  status 2 PodStatus omitempty
PodTemplate
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  template 2 PodTemplateSpec omitempty
PodTemplateList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []PodTemplate required
PodTemplateSpec
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PodSpec omitempty
PortStatus
  port 1 int32 required
  protocol 2 Protocol required
  error 3 string pointer omitempty
PortworxVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  readOnly 3 bool omitempty
Preconditions
  uid 1 string pointer omitempty
PreemptionPolicy = string closed values=PreemptLowerPriority,Never
PreferAvoidPodsEntry
  podSignature 1 PodSignature required
  evictionTime 2 Time omitempty
  reason 3 string omitempty
  message 4 string omitempty
PreferredSchedulingTerm
  weight 1 int32 required
  preference 2 NodeSelectorTerm required
Probe
  @inline 1 ProbeHandler
  initialDelaySeconds 2 int32 omitempty
  timeoutSeconds 3 int32 omitempty
  periodSeconds 4 int32 omitempty
  successThreshold 5 int32 omitempty
  failureThreshold 6 int32 omitempty
  terminationGracePeriodSeconds 7 int64 pointer omitempty
ProbeHandler
  exec 1 ExecAction pointer omitempty
  httpGet 2 HTTPGetAction pointer omitempty
  tcpSocket 3 TCPSocketAction pointer omitempty
  grpc 4 GRPCAction pointer omitempty
ProcMountType = string closed values=Default,Unmasked
ProjectedVolumeSource
  sources 1 []VolumeProjection list=atomic
  defaultMode 2 int32 pointer omitempty
Protocol = string closed values=TCP,UDP,SCTP
PullPolicy = string closed values=Always,Never,IfNotPresent
QuobyteVolumeSource
  registry 1 string required
  volume 2 string required
  readOnly 3 bool omitempty
  user 4 string omitempty
  group 5 string omitempty
  tenant 6 string omitempty
RBDPersistentVolumeSource
  monitors 1 []string required list=atomic
  image 2 string required
  fsType 3 string omitempty
  pool 4 string omitempty default="rbd"
  user 5 string omitempty default="admin"
  keyring 6 string omitempty default="/etc/ceph/keyring"
  secretRef 7 SecretReference pointer omitempty
  readOnly 8 bool omitempty
RBDVolumeSource
  monitors 1 []string required list=atomic
  image 2 string required
  fsType 3 string omitempty
  pool 4 string omitempty default="rbd"
  user 5 string omitempty default="admin"
  keyring 6 string omitempty default="/etc/ceph/keyring"
  secretRef 7 LocalObjectReference pointer omitempty
  readOnly 8 bool omitempty
RangeAllocation
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  range 2 string required
  data 3 bytes required
RecursiveReadOnlyMode = string values=Disabled,IfPossible,Enabled
ReplicationController
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty @subfield(name)=format=k8s-long-name @subfield(name)=optional
  spec 2 ReplicationControllerSpec omitempty
  status 3 ReplicationControllerStatus omitempty
ReplicationControllerCondition
  type 1 ReplicationControllerConditionType required
  status 2 ConditionStatus required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
ReplicationControllerConditionType = string values=ReplicaFailure
ReplicationControllerList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ReplicationController required
ReplicationControllerSpec
  replicas 1 int32 pointer omitempty default=1 @minimum=0
  minReadySeconds 4 int32 omitempty default=0 @minimum=0
  selector 2 {}string omitempty map=atomic
  template 3 PodTemplateSpec pointer omitempty
ReplicationControllerStatus
  replicas 1 int32 required
  fullyLabeledReplicas 2 int32 omitempty
  readyReplicas 4 int32 omitempty
  availableReplicas 5 int32 omitempty
  observedGeneration 3 int64 omitempty
  conditions 6 []ReplicationControllerCondition omitempty strategy=merge key=type list=map keys=type
ResourceClaim
  name 1 string required
  request 2 string omitempty
ResourceFieldSelector struct=atomic
  containerName 1 string omitempty
  resource 2 string required
  divisor 3 Quantity omitempty
ResourceHealth
  resourceID 1 ResourceID required
  health 2 ResourceHealthStatus omitempty
  message 6 string pointer omitempty gate=ResourceHealthStatusMessage
ResourceHealthStatus = string values=Healthy,Unhealthy,Unknown
ResourceID = string
ResourceList = {ResourceName}Quantity
ResourceName = string values=cpu,memory,storage,ephemeral-storage,pods,services,replicationcontrollers,resourcequotas,secrets,configmaps,persistentvolumeclaims,services.nodeports,services.loadbalancers,requests.cpu,requests.memory,requests.storage,requests.ephemeral-storage,limits.cpu,limits.memory,limits.ephemeral-storage
ResourceQuota
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ResourceQuotaSpec omitempty
  status 3 ResourceQuotaStatus omitempty
ResourceQuotaList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ResourceQuota required
ResourceQuotaScope = string closed values=Terminating,NotTerminating,BestEffort,NotBestEffort,PriorityClass,CrossNamespacePodAffinity,VolumeAttributesClass
ResourceQuotaSpec
  hard 1 ResourceList omitempty
  scopes 2 []ResourceQuotaScope omitempty list=atomic
  scopeSelector 3 ScopeSelector pointer omitempty
ResourceQuotaStatus
  hard 1 ResourceList omitempty
  used 2 ResourceList omitempty
ResourceRequirements
  limits 1 ResourceList omitempty
  requests 2 ResourceList omitempty
  claims 3 []ResourceClaim omitempty list=map keys=name gate=DynamicResourceAllocation
ResourceResizeRestartPolicy = string values=NotRequired,RestartContainer
ResourceStatus
  name 1 ResourceName required
  resources 2 []ResourceHealth omitempty list=map keys=resourceID
RestartPolicy = string closed values=Always,OnFailure,Never
SELinuxOptions
  user 1 string omitempty
  role 2 string omitempty
  type 3 string omitempty
  level 4 string omitempty
ScaleIOPersistentVolumeSource
  gateway 1 string required
  system 2 string required
  secretRef 3 SecretReference pointer required
  sslEnabled 4 bool omitempty
  protectionDomain 5 string omitempty
  storagePool 6 string omitempty
  storageMode 7 string omitempty default="ThinProvisioned"
  volumeName 8 string omitempty
  fsType 9 string omitempty default="xfs"
  readOnly 10 bool omitempty
ScaleIOVolumeSource
  gateway 1 string required
  system 2 string required
  secretRef 3 LocalObjectReference pointer required
  sslEnabled 4 bool omitempty
  protectionDomain 5 string omitempty
  storagePool 6 string omitempty
  storageMode 7 string omitempty default="ThinProvisioned"
  volumeName 8 string omitempty
  fsType 9 string omitempty default="xfs"
  readOnly 10 bool omitempty
ScopeSelector struct=atomic
  matchExpressions 1 []ScopedResourceSelectorRequirement omitempty list=atomic
ScopeSelectorOperator = string closed values=In,NotIn,Exists,DoesNotExist
ScopedResourceSelectorRequirement
  scopeName 1 ResourceQuotaScope required
  operator 2 ScopeSelectorOperator required
  values 3 []string omitempty list=atomic
SeccompProfile
  type 1 SeccompProfileType required discriminator
  localhostProfile 2 string pointer omitempty
SeccompProfileType = string closed values=Unconfined,RuntimeDefault,Localhost
Secret
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  immutable 5 bool pointer omitempty
  data 2 {}bytes omitempty
  stringData 4 {}string omitempty
  type 3 SecretType omitempty
SecretEnvSource
  @inline 1 LocalObjectReference
  optional 2 bool pointer omitempty
SecretKeySelector struct=atomic
  @inline 1 LocalObjectReference
  key 2 string required
  optional 3 bool pointer omitempty
SecretList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Secret required
SecretProjection
  @inline 1 LocalObjectReference
  items 2 []KeyToPath omitempty list=atomic
  optional 4 bool pointer omitempty
SecretReference struct=atomic
  name 1 string omitempty
  namespace 2 string omitempty
SecretType = string values=Opaque,kubernetes.io/service-account-token,kubernetes.io/dockercfg,kubernetes.io/dockerconfigjson,kubernetes.io/basic-auth,kubernetes.io/ssh-auth,kubernetes.io/tls,bootstrap.kubernetes.io/token
SecretVolumeSource
  secretName 1 string omitempty
  items 2 []KeyToPath omitempty list=atomic
  defaultMode 3 int32 pointer omitempty
  optional 4 bool pointer omitempty
SecurityContext
  capabilities 1 Capabilities pointer omitempty
  privileged 2 bool pointer omitempty
  seLinuxOptions 3 SELinuxOptions pointer omitempty
  windowsOptions 10 WindowsSecurityContextOptions pointer omitempty
  runAsUser 4 int64 pointer omitempty
  runAsGroup 8 int64 pointer omitempty
  runAsNonRoot 5 bool pointer omitempty
  readOnlyRootFilesystem 6 bool pointer omitempty
  allowPrivilegeEscalation 7 bool pointer omitempty
  procMount 9 ProcMountType pointer omitempty
  seccompProfile 11 SeccompProfile pointer omitempty
  appArmorProfile 12 AppArmorProfile pointer omitempty
SerializedReference
  @inline - meta/v1.TypeMeta
  reference 1 ObjectReference omitempty
Service
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ServiceSpec omitempty
  status 3 ServiceStatus omitempty
ServiceAccount
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  secrets 2 []ObjectReference omitempty strategy=merge key=name list=map keys=name
  imagePullSecrets 3 []LocalObjectReference omitempty list=atomic
  automountServiceAccountToken 4 bool pointer omitempty
ServiceAccountList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ServiceAccount required
ServiceAccountTokenProjection
  audience 1 string omitempty
  expirationSeconds 2 int64 pointer omitempty
  path 3 string required
ServiceAffinity = string closed values=ClientIP,None
ServiceExternalTrafficPolicy = string closed values=Cluster,Local
ServiceExternalTrafficPolicyType = ServiceExternalTrafficPolicy
ServiceInternalTrafficPolicy = string closed values=Cluster,Local
ServiceInternalTrafficPolicyType = ServiceInternalTrafficPolicy
ServiceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Service required
ServicePort
  name 1 string omitempty
  protocol 2 Protocol omitempty default="TCP"
  appProtocol 6 string pointer omitempty
  port 3 int32 required
  targetPort 4 IntOrString omitempty
  nodePort 5 int32 omitempty
ServiceProxyOptions
  @inline - meta/v1.TypeMeta
  path 1 string omitempty
ServiceSpec
  ports 1 []ServicePort omitempty strategy=merge key=port list=map keys=port,protocol
  selector 2 {}string omitempty map=atomic
  clusterIP 3 string omitempty
  clusterIPs 18 []string omitempty list=atomic
  type 4 ServiceType omitempty
  externalIPs 5 []string omitempty list=atomic
  sessionAffinity 7 ServiceAffinity omitempty
  loadBalancerIP 8 string omitempty
  loadBalancerSourceRanges 9 []string omitempty list=atomic
  externalName 10 string omitempty
  externalTrafficPolicy 11 ServiceExternalTrafficPolicy omitempty
  healthCheckNodePort 12 int32 omitempty
  publishNotReadyAddresses 13 bool omitempty
  sessionAffinityConfig 14 SessionAffinityConfig pointer omitempty
  ipFamilies 19 []IPFamily omitempty list=atomic
  ipFamilyPolicy 17 IPFamilyPolicy pointer omitempty
  allocateLoadBalancerNodePorts 20 bool pointer omitempty
  loadBalancerClass 21 string pointer omitempty
  internalTrafficPolicy 22 ServiceInternalTrafficPolicy pointer omitempty
  trafficDistribution 23 string pointer omitempty
ServiceStatus
  loadBalancer 1 LoadBalancerStatus omitempty
  conditions 2 []meta/v1.Condition omitempty strategy=merge key=type list=map keys=type
ServiceType = string closed values=ClusterIP,NodePort,LoadBalancer,ExternalName
SessionAffinityConfig
  clientIP 1 ClientIPConfig pointer omitempty
Signal = string closed values=SIGABRT,SIGALRM,SIGBUS,SIGCHLD,SIGCLD,SIGCONT,SIGFPE,SIGHUP,SIGILL,SIGINT,SIGIO,SIGIOT,SIGKILL,SIGPIPE,SIGPOLL,SIGPROF,SIGPWR,SIGQUIT,SIGSEGV,SIGSTKFLT,SIGSTOP,SIGSYS,SIGTERM,SIGTRAP,SIGTSTP,SIGTTIN,SIGTTOU,SIGURG,SIGUSR1,SIGUSR2,SIGVTALRM,SIGWINCH,SIGXCPU,SIGXFSZ,SIGRTMIN,SIGRTMIN+1,SIGRTMIN+2,SIGRTMIN+3,SIGRTMIN+4,SIGRTMIN+5,SIGRTMIN+6,SIGRTMIN+7,SIGRTMIN+8,SIGRTMIN+9,SIGRTMIN+10,SIGRTMIN+11,SIGRTMIN+12,SIGRTMIN+13,SIGRTMIN+14,SIGRTMIN+15,SIGRTMAX-14,SIGRTMAX-13,SIGRTMAX-12,SIGRTMAX-11,SIGRTMAX-10,SIGRTMAX-9,SIGRTMAX-8,SIGRTMAX-7,SIGRTMAX-6,SIGRTMAX-5,SIGRTMAX-4,SIGRTMAX-3,SIGRTMAX-2,SIGRTMAX-1,SIGRTMAX
SleepAction
  seconds 1 int64 required
StorageMedium = string values=,Memory,HugePages,HugePages-
StorageOSPersistentVolumeSource
  volumeName 1 string omitempty
  volumeNamespace 2 string omitempty
  fsType 3 string omitempty
  readOnly 4 bool omitempty
  secretRef 5 ObjectReference pointer omitempty
StorageOSVolumeSource
  volumeName 1 string omitempty
  volumeNamespace 2 string omitempty
  fsType 3 string omitempty
  readOnly 4 bool omitempty
  secretRef 5 LocalObjectReference pointer omitempty
SupplementalGroupsPolicy = string closed values=Merge,Strict
Sysctl
  name 1 string required
  value 2 string required
TCPSocketAction
  port 1 IntOrString required
  host 2 string omitempty
Taint
  key 1 string required
  value 2 string omitempty
  effect 3 TaintEffect required
  timeAdded 4 Time pointer omitempty
TaintEffect = string closed values=NoSchedule,PreferNoSchedule,NoExecute
TerminationMessagePolicy = string closed values=File,FallbackToLogsOnError
Toleration
  key 1 string omitempty
  operator 2 TolerationOperator omitempty
  value 3 string omitempty
  effect 4 TaintEffect omitempty
  tolerationSeconds 5 int64 pointer omitempty
TolerationOperator = string closed values=Exists,Equal,Lt,Gt
TopologySelectorLabelRequirement
  key 1 string required
  values 2 []string required list=atomic
TopologySelectorTerm struct=atomic
  matchLabelExpressions 1 []TopologySelectorLabelRequirement omitempty list=atomic
TopologySpreadConstraint
  maxSkew 1 int32 required
  topologyKey 2 string required
  whenUnsatisfiable 3 UnsatisfiableConstraintAction required
  labelSelector 4 meta/v1.LabelSelector pointer omitempty
  minDomains 5 int32 pointer omitempty
  nodeAffinityPolicy 6 NodeInclusionPolicy pointer omitempty
  nodeTaintsPolicy 7 NodeInclusionPolicy pointer omitempty
  matchLabelKeys 8 []string omitempty list=atomic
TypedLocalObjectReference struct=atomic
  apiGroup 1 string pointer
  kind 2 string required
  name 3 string required
TypedObjectReference
  apiGroup 1 string pointer
  kind 2 string required
  name 3 string required
  namespace 4 string pointer omitempty gate=CrossNamespaceVolumeDataSource
URIScheme = string closed values=HTTP,HTTPS
UniqueVolumeName = string
UnsatisfiableConstraintAction = string closed values=DoNotSchedule,ScheduleAnyway
Volume
  name 1 string required
  @inline 2 VolumeSource
VolumeDevice
  name 1 string required
  devicePath 2 string required
VolumeMount
  name 1 string required
  readOnly 2 bool omitempty
  recursiveReadOnly 7 RecursiveReadOnlyMode pointer omitempty
  mountPath 3 string required
  subPath 4 string omitempty
  mountPropagation 5 MountPropagationMode pointer omitempty
  subPathExpr 6 string omitempty
VolumeMountStatus
  name 1 string required
  mountPath 2 string required
  readOnly 3 bool omitempty
  recursiveReadOnly 4 RecursiveReadOnlyMode pointer omitempty
  volumeStatus 5 VolumeStatus pointer omitempty
VolumeNodeAffinity
  required 1 NodeSelector pointer omitempty
VolumeProjection
  secret 1 SecretProjection pointer omitempty
  downwardAPI 2 DownwardAPIProjection pointer omitempty
  configMap 3 ConfigMapProjection pointer omitempty
  serviceAccountToken 4 ServiceAccountTokenProjection pointer omitempty
  clusterTrustBundle 5 ClusterTrustBundleProjection pointer omitempty gate=ClusterTrustBundleProjection
  podCertificate 6 PodCertificateProjection pointer omitempty gate=PodCertificateProjection
VolumeResourceRequirements
  limits 1 ResourceList omitempty
  requests 2 ResourceList omitempty
VolumeSource
  hostPath 1 HostPathVolumeSource pointer omitempty
  emptyDir 2 EmptyDirVolumeSource pointer omitempty
  gcePersistentDisk 3 GCEPersistentDiskVolumeSource pointer omitempty
  awsElasticBlockStore 4 AWSElasticBlockStoreVolumeSource pointer omitempty
  gitRepo 5 GitRepoVolumeSource pointer omitempty
  secret 6 SecretVolumeSource pointer omitempty
  nfs 7 NFSVolumeSource pointer omitempty
  iscsi 8 ISCSIVolumeSource pointer omitempty
  glusterfs 9 GlusterfsVolumeSource pointer omitempty
  persistentVolumeClaim 10 PersistentVolumeClaimVolumeSource pointer omitempty
  rbd 11 RBDVolumeSource pointer omitempty
  flexVolume 12 FlexVolumeSource pointer omitempty
  cinder 13 CinderVolumeSource pointer omitempty
  cephfs 14 CephFSVolumeSource pointer omitempty
  flocker 15 FlockerVolumeSource pointer omitempty
  downwardAPI 16 DownwardAPIVolumeSource pointer omitempty
  fc 17 FCVolumeSource pointer omitempty
  azureFile 18 AzureFileVolumeSource pointer omitempty
  configMap 19 ConfigMapVolumeSource pointer omitempty
  vsphereVolume 20 VsphereVirtualDiskVolumeSource pointer omitempty
  quobyte 21 QuobyteVolumeSource pointer omitempty
  azureDisk 22 AzureDiskVolumeSource pointer omitempty
  photonPersistentDisk 23 PhotonPersistentDiskVolumeSource pointer omitempty
  projected 26 ProjectedVolumeSource pointer omitempty
  portworxVolume 24 PortworxVolumeSource pointer omitempty
  scaleIO 25 ScaleIOVolumeSource pointer omitempty
  storageos 27 StorageOSVolumeSource pointer omitempty
  csi 28 CSIVolumeSource pointer omitempty
  ephemeral 29 EphemeralVolumeSource pointer omitempty
  image 30 ImageVolumeSource pointer omitempty
VolumeStatus
  image 1 ImageVolumeStatus pointer omitempty gate=ImageVolumeWithDigest
VsphereVirtualDiskVolumeSource
  volumePath 1 string required
  fsType 2 string omitempty
  storagePolicyName 3 string omitempty
  storagePolicyID 4 string omitempty
WeightedPodAffinityTerm
  weight 1 int32 required
  podAffinityTerm 2 PodAffinityTerm required
WindowsSecurityContextOptions
  gmsaCredentialSpecName 1 string pointer omitempty
  gmsaCredentialSpec 2 string pointer omitempty
  runAsUserName 3 string pointer omitempty
  hostProcess 4 bool pointer omitempty
`;
