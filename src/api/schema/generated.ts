/**
 * The types of the served kinds, one block each: its name, then a line per field, in the order of JSON output:
 * name, protobuf number (- = not in protobuf), type ([] list, {} map), flags. Written by
 * `node dist/src/cli/schema-generator.js TYPES_JSON src/api/schema/generated.ts`; not by hand.
 * Derived from the Kubernetes API types, 1.36 (Apache-2.0).
 */
export const schemaText = `
autoscaling/v1.Scale
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 autoscaling/v1.ScaleSpec omitempty
  status 3 autoscaling/v1.ScaleStatus omitempty
autoscaling/v1.ScaleSpec
  replicas 1 int32 omitempty
autoscaling/v1.ScaleStatus
  replicas 1 int32 required
  selector 2 string omitempty
coordination.k8s.io/v1.Lease
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 coordination.k8s.io/v1.LeaseSpec omitempty
coordination.k8s.io/v1.LeaseList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []coordination.k8s.io/v1.Lease required
coordination.k8s.io/v1.LeaseSpec
  holderIdentity 1 string pointer omitempty
  leaseDurationSeconds 2 int32 pointer omitempty
  acquireTime 3 MicroTime pointer omitempty
  renewTime 4 MicroTime pointer omitempty
  leaseTransitions 5 int32 pointer omitempty
  strategy 6 string pointer omitempty
  preferredHolder 7 string pointer omitempty
discovery.k8s.io/v1.Endpoint
  addresses 1 []string required list=set
  conditions 2 discovery.k8s.io/v1.EndpointConditions omitempty
  hostname 3 string pointer omitempty
  targetRef 4 v1.ObjectReference pointer omitempty
  deprecatedTopology 5 {}string omitempty
  nodeName 6 string pointer omitempty
  zone 7 string pointer omitempty
  hints 8 discovery.k8s.io/v1.EndpointHints pointer omitempty
discovery.k8s.io/v1.EndpointConditions
  ready 1 bool pointer omitempty
  serving 2 bool pointer omitempty
  terminating 3 bool pointer omitempty
discovery.k8s.io/v1.EndpointHints
  forZones 1 []discovery.k8s.io/v1.ForZone omitempty list=atomic
  forNodes 2 []discovery.k8s.io/v1.ForNode omitempty list=atomic
discovery.k8s.io/v1.EndpointPort struct=atomic
  name 1 string pointer omitempty
  protocol 2 string pointer omitempty
  port 3 int32 pointer omitempty
  appProtocol 4 string pointer omitempty
discovery.k8s.io/v1.EndpointSlice
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  addressType 4 string required
  endpoints 2 []discovery.k8s.io/v1.Endpoint list=atomic
  ports 3 []discovery.k8s.io/v1.EndpointPort list=atomic
discovery.k8s.io/v1.EndpointSliceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []discovery.k8s.io/v1.EndpointSlice required
discovery.k8s.io/v1.ForNode
  name 1 string required
discovery.k8s.io/v1.ForZone
  name 1 string required
meta/v1.Condition
  type 1 string required
  status 2 string required
  observedGeneration 3 int64 omitempty
  lastTransitionTime 4 Time required
  reason 5 string required
  message 6 string required
meta/v1.DeleteOptions
  @inline - meta/v1.TypeMeta
  gracePeriodSeconds 1 int64 pointer omitempty
  preconditions 2 meta/v1.Preconditions pointer omitempty
  orphanDependents 3 bool pointer omitempty
  propagationPolicy 4 string pointer omitempty
  dryRun 5 []string omitempty list=atomic
  ignoreStoreReadErrorWithClusterBreakingPotential 6 bool pointer omitempty
meta/v1.LabelSelector struct=atomic
  matchLabels 1 {}string omitempty
  matchExpressions 2 []meta/v1.LabelSelectorRequirement omitempty list=atomic
meta/v1.LabelSelectorRequirement
  key 1 string required
  operator 2 string required
  values 3 []string omitempty list=atomic
meta/v1.ListMeta
  selfLink 1 string omitempty
  resourceVersion 2 string omitempty
  continue 3 string omitempty
  remainingItemCount 4 int64 pointer omitempty
  shardInfo 5 meta/v1.ShardInfo pointer omitempty
meta/v1.ManagedFieldsEntry
  manager 1 string omitempty
  operation 2 string omitempty
  apiVersion 3 string omitempty
  time 4 Time pointer omitempty
  fieldsType 6 string omitempty
  fieldsV1 7 FieldsV1 pointer omitempty
  subresource 8 string omitempty
meta/v1.ObjectMeta
  name 1 string omitempty
  generateName 2 string omitempty
  namespace 3 string omitempty
  selfLink 4 string omitempty
  uid 5 string omitempty
  resourceVersion 6 string omitempty
  generation 7 int64 omitempty
  creationTimestamp 8 Time omitempty omitzero
  deletionTimestamp 9 Time pointer omitempty
  deletionGracePeriodSeconds 10 int64 pointer omitempty
  labels 11 {}string omitempty
  annotations 12 {}string omitempty
  ownerReferences 13 []meta/v1.OwnerReference omitempty strategy=merge key=uid list=map keys=uid
  finalizers 14 []string omitempty strategy=merge list=set
  managedFields 17 []meta/v1.ManagedFieldsEntry omitempty list=atomic
meta/v1.OwnerReference struct=atomic
  apiVersion 5 string required
  kind 1 string required
  name 3 string required
  uid 4 string required
  controller 6 bool pointer omitempty
  blockOwnerDeletion 7 bool pointer omitempty
meta/v1.Preconditions
  uid 1 string pointer omitempty
  resourceVersion 2 string pointer omitempty
meta/v1.ShardInfo
  selector 1 string required
meta/v1.Status
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  status 2 string omitempty
  message 3 string omitempty
  reason 4 string omitempty
  details 5 meta/v1.StatusDetails pointer omitempty
  code 6 int32 omitempty
meta/v1.StatusCause
  reason 1 string omitempty
  message 2 string omitempty
  field 3 string omitempty
meta/v1.StatusDetails
  name 1 string omitempty
  group 2 string omitempty
  kind 3 string omitempty
  uid 6 string omitempty
  causes 4 []meta/v1.StatusCause omitempty list=atomic
  retryAfterSeconds 5 int32 omitempty
meta/v1.TypeMeta
  kind 1 string omitempty
  apiVersion 2 string omitempty
v1.AWSElasticBlockStoreVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  partition 3 int32 omitempty
  readOnly 4 bool omitempty
v1.Affinity
  nodeAffinity 1 v1.NodeAffinity pointer omitempty
  podAffinity 2 v1.PodAffinity pointer omitempty
  podAntiAffinity 3 v1.PodAntiAffinity pointer omitempty
v1.AppArmorProfile
  type 1 string required
  localhostProfile 2 string pointer omitempty
v1.AttachedVolume
  name 1 string required
  devicePath 2 string required
v1.AzureDiskVolumeSource
  diskName 1 string required
  diskURI 2 string required
  cachingMode 3 string pointer omitempty
  fsType 4 string pointer omitempty
  readOnly 5 bool pointer omitempty
  kind 6 string pointer omitempty
v1.AzureFileVolumeSource
  secretName 1 string required
  shareName 2 string required
  readOnly 3 bool omitempty
v1.Binding
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  target 2 v1.ObjectReference required
v1.CSIVolumeSource
  driver 1 string required
  readOnly 2 bool pointer omitempty
  fsType 3 string pointer omitempty
  volumeAttributes 4 {}string omitempty
  nodePublishSecretRef 5 v1.LocalObjectReference pointer omitempty
v1.Capabilities
  add 1 []string omitempty list=atomic
  drop 2 []string omitempty list=atomic
v1.CephFSVolumeSource
  monitors 1 []string required list=atomic
  path 2 string omitempty
  user 3 string omitempty
  secretFile 4 string omitempty
  secretRef 5 v1.LocalObjectReference pointer omitempty
  readOnly 6 bool omitempty
v1.CinderVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  readOnly 3 bool omitempty
  secretRef 4 v1.LocalObjectReference pointer omitempty
v1.ClientIPConfig
  timeoutSeconds 1 int32 pointer omitempty
v1.ClusterTrustBundleProjection
  name 1 string pointer omitempty
  signerName 2 string pointer omitempty
  labelSelector 3 meta/v1.LabelSelector pointer omitempty
  optional 5 bool pointer omitempty
  path 4 string required
v1.ConfigMap
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  immutable 4 bool pointer omitempty
  data 2 {}string omitempty
  binaryData 3 {}bytes omitempty
v1.ConfigMapEnvSource
  @inline 1 v1.LocalObjectReference
  optional 2 bool pointer omitempty
v1.ConfigMapKeySelector struct=atomic
  @inline 1 v1.LocalObjectReference
  key 2 string required
  optional 3 bool pointer omitempty
v1.ConfigMapList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.ConfigMap required
v1.ConfigMapNodeConfigSource
  namespace 1 string required
  name 2 string required
  uid 3 string omitempty
  resourceVersion 4 string omitempty
  kubeletConfigKey 5 string required
v1.ConfigMapProjection
  @inline 1 v1.LocalObjectReference
  items 2 []v1.KeyToPath omitempty list=atomic
  optional 4 bool pointer omitempty
v1.ConfigMapVolumeSource
  @inline 1 v1.LocalObjectReference
  items 2 []v1.KeyToPath omitempty list=atomic
  defaultMode 3 int32 pointer omitempty
  optional 4 bool pointer omitempty
v1.Container
  name 1 string required
  image 2 string omitempty
  command 3 []string omitempty list=atomic
  args 4 []string omitempty list=atomic
  workingDir 5 string omitempty
  ports 6 []v1.ContainerPort omitempty strategy=merge key=containerPort list=map keys=containerPort,protocol
  envFrom 19 []v1.EnvFromSource omitempty list=atomic
  env 7 []v1.EnvVar omitempty strategy=merge key=name list=map keys=name
  resources 8 v1.ResourceRequirements omitempty
  resizePolicy 23 []v1.ContainerResizePolicy omitempty list=atomic
  restartPolicy 24 string pointer omitempty
  restartPolicyRules 25 []v1.ContainerRestartRule omitempty list=atomic
  volumeMounts 9 []v1.VolumeMount omitempty strategy=merge key=mountPath list=map keys=mountPath
  volumeDevices 21 []v1.VolumeDevice omitempty strategy=merge key=devicePath list=map keys=devicePath
  livenessProbe 10 v1.Probe pointer omitempty
  readinessProbe 11 v1.Probe pointer omitempty
  startupProbe 22 v1.Probe pointer omitempty
  lifecycle 12 v1.Lifecycle pointer omitempty
  terminationMessagePath 13 string omitempty
  terminationMessagePolicy 20 string omitempty
  imagePullPolicy 14 string omitempty
  securityContext 15 v1.SecurityContext pointer omitempty
  stdin 16 bool omitempty
  stdinOnce 17 bool omitempty
  tty 18 bool omitempty
v1.ContainerExtendedResourceRequest
  containerName 1 string required
  resourceName 2 string required
  requestName 3 string required
v1.ContainerImage
  names 1 []string list=atomic
  sizeBytes 2 int64 omitempty
v1.ContainerPort
  name 1 string omitempty
  hostPort 2 int32 omitempty
  containerPort 3 int32 required
  protocol 4 string omitempty
  hostIP 5 string omitempty
v1.ContainerResizePolicy
  resourceName 1 string required
  restartPolicy 2 string required
v1.ContainerRestartRule
  action 1 string omitempty required
  exitCodes 2 v1.ContainerRestartRuleOnExitCodes pointer omitempty
v1.ContainerRestartRuleOnExitCodes
  operator 1 string omitempty required
  values 2 []int32 omitempty list=set
v1.ContainerState
  waiting 1 v1.ContainerStateWaiting pointer omitempty
  running 2 v1.ContainerStateRunning pointer omitempty
  terminated 3 v1.ContainerStateTerminated pointer omitempty
v1.ContainerStateRunning
  startedAt 1 Time omitempty
v1.ContainerStateTerminated
  exitCode 1 int32 required
  signal 2 int32 omitempty
  reason 3 string omitempty
  message 4 string omitempty
  startedAt 5 Time omitempty
  finishedAt 6 Time omitempty
  containerID 7 string omitempty
v1.ContainerStateWaiting
  reason 1 string omitempty
  message 2 string omitempty
v1.ContainerStatus
  name 1 string required
  state 2 v1.ContainerState omitempty
  lastState 3 v1.ContainerState omitempty
  ready 4 bool required
  restartCount 5 int32 required
  image 6 string required
  imageID 7 string required
  containerID 8 string omitempty
  started 9 bool pointer omitempty
  allocatedResources 10 {}Quantity omitempty
  resources 11 v1.ResourceRequirements pointer omitempty
  volumeMounts 12 []v1.VolumeMountStatus omitempty strategy=merge key=mountPath list=map keys=mountPath
  user 13 v1.ContainerUser pointer omitempty
  allocatedResourcesStatus 14 []v1.ResourceStatus omitempty strategy=merge key=name list=map keys=name
  stopSignal 15 string pointer omitempty
v1.ContainerUser
  linux 1 v1.LinuxContainerUser pointer omitempty
v1.DaemonEndpoint
  Port 1 int32 required
v1.DownwardAPIProjection
  items 1 []v1.DownwardAPIVolumeFile omitempty list=atomic
v1.DownwardAPIVolumeFile
  path 1 string required
  fieldRef 2 v1.ObjectFieldSelector pointer omitempty
  resourceFieldRef 3 v1.ResourceFieldSelector pointer omitempty
  mode 4 int32 pointer omitempty
v1.DownwardAPIVolumeSource
  items 1 []v1.DownwardAPIVolumeFile omitempty list=atomic
  defaultMode 2 int32 pointer omitempty
v1.EmptyDirVolumeSource
  medium 1 string omitempty
  sizeLimit 2 Quantity pointer omitempty
v1.EnvFromSource
  prefix 1 string omitempty
  configMapRef 2 v1.ConfigMapEnvSource pointer omitempty
  secretRef 3 v1.SecretEnvSource pointer omitempty
v1.EnvVar
  name 1 string required
  value 2 string omitempty
  valueFrom 3 v1.EnvVarSource pointer omitempty
v1.EnvVarSource
  fieldRef 1 v1.ObjectFieldSelector pointer omitempty
  resourceFieldRef 2 v1.ResourceFieldSelector pointer omitempty
  configMapKeyRef 3 v1.ConfigMapKeySelector pointer omitempty
  secretKeyRef 4 v1.SecretKeySelector pointer omitempty
  fileKeyRef 5 v1.FileKeySelector pointer omitempty
v1.EphemeralContainer
  @inline 1 v1.EphemeralContainerCommon
  targetContainerName 2 string omitempty
v1.EphemeralContainerCommon
  name 1 string required
  image 2 string omitempty
  command 3 []string omitempty list=atomic
  args 4 []string omitempty list=atomic
  workingDir 5 string omitempty
  ports 6 []v1.ContainerPort omitempty strategy=merge key=containerPort list=map keys=containerPort,protocol
  envFrom 19 []v1.EnvFromSource omitempty list=atomic
  env 7 []v1.EnvVar omitempty strategy=merge key=name list=map keys=name
  resources 8 v1.ResourceRequirements omitempty
  resizePolicy 23 []v1.ContainerResizePolicy omitempty list=atomic
  restartPolicy 24 string pointer omitempty
  restartPolicyRules 25 []v1.ContainerRestartRule omitempty list=atomic
  volumeMounts 9 []v1.VolumeMount omitempty strategy=merge key=mountPath list=map keys=mountPath
  volumeDevices 21 []v1.VolumeDevice omitempty strategy=merge key=devicePath list=map keys=devicePath
  livenessProbe 10 v1.Probe pointer omitempty
  readinessProbe 11 v1.Probe pointer omitempty
  startupProbe 22 v1.Probe pointer omitempty
  lifecycle 12 v1.Lifecycle pointer omitempty
  terminationMessagePath 13 string omitempty
  terminationMessagePolicy 20 string omitempty
  imagePullPolicy 14 string omitempty
  securityContext 15 v1.SecurityContext pointer omitempty
  stdin 16 bool omitempty
  stdinOnce 17 bool omitempty
  tty 18 bool omitempty
v1.EphemeralVolumeSource
  volumeClaimTemplate 1 v1.PersistentVolumeClaimTemplate pointer omitempty
v1.Event
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta required
  involvedObject 2 v1.ObjectReference required
  reason 3 string omitempty
  message 4 string omitempty
  source 5 v1.EventSource omitempty
  firstTimestamp 6 Time omitempty
  lastTimestamp 7 Time omitempty
  count 8 int32 omitempty
  type 9 string omitempty
  eventTime 10 MicroTime omitempty
  series 11 v1.EventSeries pointer omitempty
  action 12 string omitempty
  related 13 v1.ObjectReference pointer omitempty
  reportingComponent 14 string
  reportingInstance 15 string
v1.EventList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.Event required
v1.EventSeries
  count 1 int32 omitempty
  lastObservedTime 2 MicroTime omitempty
v1.EventSource
  component 1 string omitempty
  host 2 string omitempty
v1.ExecAction
  command 1 []string omitempty list=atomic
v1.FCVolumeSource
  targetWWNs 1 []string omitempty list=atomic
  lun 2 int32 pointer omitempty
  fsType 3 string omitempty
  readOnly 4 bool omitempty
  wwids 5 []string omitempty list=atomic
v1.FileKeySelector struct=atomic
  volumeName 1 string required
  path 2 string required
  key 3 string required
  optional 4 bool pointer omitempty
v1.FlexVolumeSource
  driver 1 string required
  fsType 2 string omitempty
  secretRef 3 v1.LocalObjectReference pointer omitempty
  readOnly 4 bool omitempty
  options 5 {}string omitempty
v1.FlockerVolumeSource
  datasetName 1 string omitempty
  datasetUUID 2 string omitempty
v1.GCEPersistentDiskVolumeSource
  pdName 1 string required
  fsType 2 string omitempty
  partition 3 int32 omitempty
  readOnly 4 bool omitempty
v1.GRPCAction
  port 1 int32 required
  service 2 string pointer
v1.GitRepoVolumeSource
  repository 1 string required
  revision 2 string omitempty
  directory 3 string omitempty
v1.GlusterfsVolumeSource
  endpoints 1 string required
  path 2 string required
  readOnly 3 bool omitempty
v1.HTTPGetAction
  path 1 string omitempty
  port 2 IntOrString required
  host 3 string omitempty
  scheme 4 string omitempty
  httpHeaders 5 []v1.HTTPHeader omitempty list=atomic
v1.HTTPHeader
  name 1 string required
  value 2 string required
v1.HostAlias
  ip 1 string required
  hostnames 2 []string omitempty list=atomic
v1.HostIP
  ip 1 string required
v1.HostPathVolumeSource
  path 1 string required
  type 2 string pointer omitempty
v1.ISCSIVolumeSource
  targetPortal 1 string required
  iqn 2 string required
  lun 3 int32 required
  iscsiInterface 4 string omitempty
  fsType 5 string omitempty
  readOnly 6 bool omitempty
  portals 7 []string omitempty list=atomic
  chapAuthDiscovery 8 bool omitempty
  chapAuthSession 11 bool omitempty
  secretRef 10 v1.LocalObjectReference pointer omitempty
  initiatorName 12 string pointer omitempty
v1.ImageVolumeSource
  reference 1 string omitempty
  pullPolicy 2 string omitempty
v1.ImageVolumeStatus
  imageRef 1 string omitempty required
v1.KeyToPath
  key 1 string required
  path 2 string required
  mode 3 int32 pointer omitempty
v1.Lifecycle
  postStart 1 v1.LifecycleHandler pointer omitempty
  preStop 2 v1.LifecycleHandler pointer omitempty
  stopSignal 3 string pointer omitempty
v1.LifecycleHandler
  exec 1 v1.ExecAction pointer omitempty
  httpGet 2 v1.HTTPGetAction pointer omitempty
  tcpSocket 3 v1.TCPSocketAction pointer omitempty
  sleep 4 v1.SleepAction pointer omitempty
v1.LinuxContainerUser
  uid 1 int64 required
  gid 2 int64 required
  supplementalGroups 3 []int64 omitempty list=atomic
v1.LoadBalancerIngress
  ip 1 string omitempty
  hostname 2 string omitempty
  ipMode 3 string pointer omitempty
  ports 4 []v1.PortStatus omitempty list=atomic
v1.LoadBalancerStatus
  ingress 1 []v1.LoadBalancerIngress omitempty list=atomic
v1.LocalObjectReference struct=atomic
  name 1 string omitempty
v1.NFSVolumeSource
  server 1 string required
  path 2 string required
  readOnly 3 bool omitempty
v1.Namespace
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.NamespaceSpec omitempty
  status 3 v1.NamespaceStatus omitempty
v1.NamespaceCondition
  type 1 string required
  status 2 string required
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
v1.NamespaceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.Namespace required
v1.NamespaceSpec
  finalizers 1 []string omitempty list=atomic
v1.NamespaceStatus
  phase 1 string omitempty
  conditions 2 []v1.NamespaceCondition omitempty strategy=merge key=type list=map keys=type
v1.Node
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.NodeSpec omitempty
  status 3 v1.NodeStatus omitempty
v1.NodeAddress
  type 1 string required
  address 2 string required
v1.NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 v1.NodeSelector pointer omitempty
  preferredDuringSchedulingIgnoredDuringExecution 2 []v1.PreferredSchedulingTerm omitempty list=atomic
v1.NodeAllocatableResourceClaimStatus
  resourceClaimName 1 string required
  containers 2 []string omitempty list=set
  resources 3 {}Quantity required
v1.NodeCondition
  type 1 string required
  status 2 string required
  lastHeartbeatTime 3 Time omitempty
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
v1.NodeConfigSource
  configMap 2 v1.ConfigMapNodeConfigSource pointer omitempty
v1.NodeConfigStatus
  assigned 1 v1.NodeConfigSource pointer omitempty
  active 2 v1.NodeConfigSource pointer omitempty
  lastKnownGood 3 v1.NodeConfigSource pointer omitempty
  error 4 string omitempty
v1.NodeDaemonEndpoints
  kubeletEndpoint 1 v1.DaemonEndpoint omitempty
v1.NodeFeatures
  supplementalGroupsPolicy 1 bool pointer omitempty
v1.NodeList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.Node required
v1.NodeRuntimeHandler
  name 1 string
  features 2 v1.NodeRuntimeHandlerFeatures pointer omitempty
v1.NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts 1 bool pointer omitempty
  userNamespaces 2 bool pointer omitempty
v1.NodeSelector struct=atomic
  nodeSelectorTerms 1 []v1.NodeSelectorTerm required list=atomic
v1.NodeSelectorRequirement
  key 1 string required
  operator 2 string required
  values 3 []string omitempty list=atomic
v1.NodeSelectorTerm struct=atomic
  matchExpressions 1 []v1.NodeSelectorRequirement omitempty list=atomic
  matchFields 2 []v1.NodeSelectorRequirement omitempty list=atomic
v1.NodeSpec
  podCIDR 1 string omitempty
  podCIDRs 7 []string omitempty strategy=merge list=set
  providerID 3 string omitempty
  unschedulable 4 bool omitempty
  taints 5 []v1.Taint omitempty list=atomic
  configSource 6 v1.NodeConfigSource pointer omitempty
  externalID 2 string omitempty
v1.NodeStatus
  capacity 1 {}Quantity omitempty
  allocatable 2 {}Quantity omitempty
  phase 3 string omitempty
  conditions 4 []v1.NodeCondition omitempty strategy=merge key=type list=map keys=type
  addresses 5 []v1.NodeAddress omitempty strategy=merge key=type list=map keys=type
  daemonEndpoints 6 v1.NodeDaemonEndpoints omitempty
  nodeInfo 7 v1.NodeSystemInfo omitempty
  images 8 []v1.ContainerImage omitempty list=atomic
  volumesInUse 9 []string omitempty list=atomic
  volumesAttached 10 []v1.AttachedVolume omitempty list=atomic
  config 11 v1.NodeConfigStatus pointer omitempty
  runtimeHandlers 12 []v1.NodeRuntimeHandler omitempty list=atomic
  features 13 v1.NodeFeatures pointer omitempty
  declaredFeatures 14 []string omitempty list=atomic
v1.NodeSwapStatus
  capacity 1 int64 pointer omitempty
v1.NodeSystemInfo
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
  swap 11 v1.NodeSwapStatus pointer omitempty
v1.ObjectFieldSelector struct=atomic
  apiVersion 1 string omitempty
  fieldPath 2 string required
v1.ObjectReference struct=atomic
  kind 1 string omitempty
  namespace 2 string omitempty
  name 3 string omitempty
  uid 4 string omitempty
  apiVersion 5 string omitempty
  resourceVersion 6 string omitempty
  fieldPath 7 string omitempty
v1.PersistentVolumeClaimSpec
  accessModes 1 []string omitempty list=atomic
  selector 4 meta/v1.LabelSelector pointer omitempty
  resources 2 v1.VolumeResourceRequirements omitempty
  volumeName 3 string omitempty
  storageClassName 5 string pointer omitempty
  volumeMode 6 string pointer omitempty
  dataSource 7 v1.TypedLocalObjectReference pointer omitempty
  dataSourceRef 8 v1.TypedObjectReference pointer omitempty
  volumeAttributesClassName 9 string pointer omitempty
v1.PersistentVolumeClaimTemplate
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.PersistentVolumeClaimSpec required
v1.PersistentVolumeClaimVolumeSource
  claimName 1 string required
  readOnly 2 bool omitempty
v1.PhotonPersistentDiskVolumeSource
  pdID 1 string required
  fsType 2 string omitempty
v1.Pod
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.PodSpec omitempty
  status 3 v1.PodStatus omitempty
v1.PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 []v1.PodAffinityTerm omitempty list=atomic
  preferredDuringSchedulingIgnoredDuringExecution 2 []v1.WeightedPodAffinityTerm omitempty list=atomic
v1.PodAffinityTerm
  labelSelector 1 meta/v1.LabelSelector pointer omitempty
  namespaces 2 []string omitempty list=atomic
  topologyKey 3 string required
  namespaceSelector 4 meta/v1.LabelSelector pointer omitempty
  matchLabelKeys 5 []string omitempty list=atomic
  mismatchLabelKeys 6 []string omitempty list=atomic
v1.PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 []v1.PodAffinityTerm omitempty list=atomic
  preferredDuringSchedulingIgnoredDuringExecution 2 []v1.WeightedPodAffinityTerm omitempty list=atomic
v1.PodCertificateProjection
  signerName 1 string omitempty required
  keyType 2 string omitempty required
  maxExpirationSeconds 3 int32 pointer omitempty
  credentialBundlePath 4 string omitempty
  keyPath 5 string omitempty
  certificateChainPath 6 string omitempty
  userAnnotations 7 {}string omitempty
v1.PodCondition
  type 1 string required
  observedGeneration 7 int64 omitempty
  status 2 string required
  lastProbeTime 3 Time omitempty
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
v1.PodDNSConfig
  nameservers 1 []string omitempty list=atomic
  searches 2 []string omitempty list=atomic
  options 3 []v1.PodDNSConfigOption omitempty list=atomic
v1.PodDNSConfigOption
  name 1 string omitempty
  value 2 string pointer omitempty
v1.PodExtendedResourceClaimStatus
  requestMappings 1 []v1.ContainerExtendedResourceRequest required list=atomic
  resourceClaimName 2 string required
v1.PodIP
  ip 1 string required
v1.PodList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.Pod required
v1.PodOS
  name 1 string required
v1.PodReadinessGate
  conditionType 1 string required
v1.PodResourceClaim
  name 1 string required
  resourceClaimName 3 string pointer omitempty
  resourceClaimTemplateName 4 string pointer omitempty
v1.PodResourceClaimStatus
  name 1 string required
  resourceClaimName 2 string pointer omitempty
v1.PodSchedulingGate
  name 1 string required
v1.PodSchedulingGroup
  podGroupName 1 string pointer omitempty
v1.PodSecurityContext
  seLinuxOptions 1 v1.SELinuxOptions pointer omitempty
  windowsOptions 8 v1.WindowsSecurityContextOptions pointer omitempty
  runAsUser 2 int64 pointer omitempty
  runAsGroup 6 int64 pointer omitempty
  runAsNonRoot 3 bool pointer omitempty
  supplementalGroups 4 []int64 omitempty list=atomic
  supplementalGroupsPolicy 12 string pointer omitempty
  fsGroup 5 int64 pointer omitempty
  sysctls 7 []v1.Sysctl omitempty list=atomic
  fsGroupChangePolicy 9 string pointer omitempty
  seccompProfile 10 v1.SeccompProfile pointer omitempty
  appArmorProfile 11 v1.AppArmorProfile pointer omitempty
  seLinuxChangePolicy 13 string pointer omitempty
v1.PodSpec
  volumes 1 []v1.Volume omitempty strategy=merge,retainKeys key=name list=map keys=name
  initContainers 20 []v1.Container omitempty strategy=merge key=name list=map keys=name
  containers 2 []v1.Container required strategy=merge key=name list=map keys=name
  ephemeralContainers 34 []v1.EphemeralContainer omitempty strategy=merge key=name list=map keys=name
  restartPolicy 3 string omitempty
  terminationGracePeriodSeconds 4 int64 pointer omitempty
  activeDeadlineSeconds 5 int64 pointer omitempty
  dnsPolicy 6 string omitempty
  nodeSelector 7 {}string omitempty map=atomic
  serviceAccountName 8 string omitempty
  serviceAccount 9 string omitempty
  automountServiceAccountToken 21 bool pointer omitempty
  nodeName 10 string omitempty
  hostNetwork 11 bool omitempty
  hostPID 12 bool omitempty
  hostIPC 13 bool omitempty
  shareProcessNamespace 27 bool pointer omitempty
  securityContext 14 v1.PodSecurityContext pointer omitempty
  imagePullSecrets 15 []v1.LocalObjectReference omitempty strategy=merge key=name list=map keys=name
  hostname 16 string omitempty
  subdomain 17 string omitempty
  affinity 18 v1.Affinity pointer omitempty
  schedulerName 19 string omitempty
  tolerations 22 []v1.Toleration omitempty list=atomic
  hostAliases 23 []v1.HostAlias omitempty strategy=merge key=ip list=map keys=ip
  priorityClassName 24 string omitempty
  priority 25 int32 pointer omitempty
  dnsConfig 26 v1.PodDNSConfig pointer omitempty
  readinessGates 28 []v1.PodReadinessGate omitempty list=atomic
  runtimeClassName 29 string pointer omitempty
  enableServiceLinks 30 bool pointer omitempty
  preemptionPolicy 31 string pointer omitempty
  overhead 32 {}Quantity omitempty
  topologySpreadConstraints 33 []v1.TopologySpreadConstraint omitempty strategy=merge key=topologyKey list=map keys=topologyKey,whenUnsatisfiable
  setHostnameAsFQDN 35 bool pointer omitempty
  os 36 v1.PodOS pointer omitempty
  hostUsers 37 bool pointer omitempty
  schedulingGates 38 []v1.PodSchedulingGate omitempty strategy=merge key=name list=map keys=name
  resourceClaims 39 []v1.PodResourceClaim omitempty strategy=merge,retainKeys key=name list=map keys=name
  resources 40 v1.ResourceRequirements pointer omitempty
  hostnameOverride 41 string pointer omitempty
  schedulingGroup 43 v1.PodSchedulingGroup pointer omitempty
v1.PodStatus
  observedGeneration 17 int64 omitempty
  phase 1 string omitempty
  conditions 2 []v1.PodCondition omitempty strategy=merge key=type list=map keys=type
  message 3 string omitempty
  reason 4 string omitempty
  nominatedNodeName 11 string omitempty
  hostIP 5 string omitempty
  hostIPs 16 []v1.HostIP omitempty strategy=merge key=ip list=atomic
  podIP 6 string omitempty
  podIPs 12 []v1.PodIP omitempty strategy=merge key=ip list=map keys=ip
  startTime 7 Time pointer omitempty
  initContainerStatuses 10 []v1.ContainerStatus omitempty list=atomic
  containerStatuses 8 []v1.ContainerStatus omitempty list=atomic
  qosClass 9 string omitempty
  ephemeralContainerStatuses 13 []v1.ContainerStatus omitempty list=atomic
  resize 14 string omitempty
  resourceClaimStatuses 15 []v1.PodResourceClaimStatus omitempty strategy=merge,retainKeys key=name list=map keys=name
  extendedResourceClaimStatus 18 v1.PodExtendedResourceClaimStatus pointer omitempty
  allocatedResources 19 {}Quantity omitempty
  resources 20 v1.ResourceRequirements pointer omitempty
  nodeAllocatableResourceClaimStatuses 21 []v1.NodeAllocatableResourceClaimStatus omitempty list=atomic
v1.PodTemplateSpec
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.PodSpec omitempty
v1.PortStatus
  port 1 int32 required
  protocol 2 string required
  error 3 string pointer omitempty
v1.PortworxVolumeSource
  volumeID 1 string required
  fsType 2 string omitempty
  readOnly 3 bool omitempty
v1.PreferredSchedulingTerm
  weight 1 int32 required
  preference 2 v1.NodeSelectorTerm required
v1.Probe
  @inline 1 v1.ProbeHandler
  initialDelaySeconds 2 int32 omitempty
  timeoutSeconds 3 int32 omitempty
  periodSeconds 4 int32 omitempty
  successThreshold 5 int32 omitempty
  failureThreshold 6 int32 omitempty
  terminationGracePeriodSeconds 7 int64 pointer omitempty
v1.ProbeHandler
  exec 1 v1.ExecAction pointer omitempty
  httpGet 2 v1.HTTPGetAction pointer omitempty
  tcpSocket 3 v1.TCPSocketAction pointer omitempty
  grpc 4 v1.GRPCAction pointer omitempty
v1.ProjectedVolumeSource
  sources 1 []v1.VolumeProjection list=atomic
  defaultMode 2 int32 pointer omitempty
v1.QuobyteVolumeSource
  registry 1 string required
  volume 2 string required
  readOnly 3 bool omitempty
  user 4 string omitempty
  group 5 string omitempty
  tenant 6 string omitempty
v1.RBDVolumeSource
  monitors 1 []string required list=atomic
  image 2 string required
  fsType 3 string omitempty
  pool 4 string omitempty
  user 5 string omitempty
  keyring 6 string omitempty
  secretRef 7 v1.LocalObjectReference pointer omitempty
  readOnly 8 bool omitempty
v1.ReplicationController
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.ReplicationControllerSpec omitempty
  status 3 v1.ReplicationControllerStatus omitempty
v1.ReplicationControllerCondition
  type 1 string required
  status 2 string required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
v1.ReplicationControllerList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.ReplicationController required
v1.ReplicationControllerSpec
  replicas 1 int32 pointer omitempty
  minReadySeconds 4 int32 omitempty
  selector 2 {}string omitempty map=atomic
  template 3 v1.PodTemplateSpec pointer omitempty
v1.ReplicationControllerStatus
  replicas 1 int32 required
  fullyLabeledReplicas 2 int32 omitempty
  readyReplicas 4 int32 omitempty
  availableReplicas 5 int32 omitempty
  observedGeneration 3 int64 omitempty
  conditions 6 []v1.ReplicationControllerCondition omitempty strategy=merge key=type list=map keys=type
v1.ResourceClaim
  name 1 string required
  request 2 string omitempty
v1.ResourceFieldSelector struct=atomic
  containerName 1 string omitempty
  resource 2 string required
  divisor 3 Quantity omitempty
v1.ResourceHealth
  resourceID 1 string required
  health 2 string omitempty
  message 6 string pointer omitempty
v1.ResourceRequirements
  limits 1 {}Quantity omitempty
  requests 2 {}Quantity omitempty
  claims 3 []v1.ResourceClaim omitempty list=map keys=name
v1.ResourceStatus
  name 1 string required
  resources 2 []v1.ResourceHealth omitempty list=map keys=resourceID
v1.SELinuxOptions
  user 1 string omitempty
  role 2 string omitempty
  type 3 string omitempty
  level 4 string omitempty
v1.ScaleIOVolumeSource
  gateway 1 string required
  system 2 string required
  secretRef 3 v1.LocalObjectReference pointer required
  sslEnabled 4 bool omitempty
  protectionDomain 5 string omitempty
  storagePool 6 string omitempty
  storageMode 7 string omitempty
  volumeName 8 string omitempty
  fsType 9 string omitempty
  readOnly 10 bool omitempty
v1.SeccompProfile
  type 1 string required
  localhostProfile 2 string pointer omitempty
v1.Secret
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  immutable 5 bool pointer omitempty
  data 2 {}bytes omitempty
  stringData 4 {}string omitempty
  type 3 string omitempty
v1.SecretEnvSource
  @inline 1 v1.LocalObjectReference
  optional 2 bool pointer omitempty
v1.SecretKeySelector struct=atomic
  @inline 1 v1.LocalObjectReference
  key 2 string required
  optional 3 bool pointer omitempty
v1.SecretList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.Secret required
v1.SecretProjection
  @inline 1 v1.LocalObjectReference
  items 2 []v1.KeyToPath omitempty list=atomic
  optional 4 bool pointer omitempty
v1.SecretVolumeSource
  secretName 1 string omitempty
  items 2 []v1.KeyToPath omitempty list=atomic
  defaultMode 3 int32 pointer omitempty
  optional 4 bool pointer omitempty
v1.SecurityContext
  capabilities 1 v1.Capabilities pointer omitempty
  privileged 2 bool pointer omitempty
  seLinuxOptions 3 v1.SELinuxOptions pointer omitempty
  windowsOptions 10 v1.WindowsSecurityContextOptions pointer omitempty
  runAsUser 4 int64 pointer omitempty
  runAsGroup 8 int64 pointer omitempty
  runAsNonRoot 5 bool pointer omitempty
  readOnlyRootFilesystem 6 bool pointer omitempty
  allowPrivilegeEscalation 7 bool pointer omitempty
  procMount 9 string pointer omitempty
  seccompProfile 11 v1.SeccompProfile pointer omitempty
  appArmorProfile 12 v1.AppArmorProfile pointer omitempty
v1.Service
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 v1.ServiceSpec omitempty
  status 3 v1.ServiceStatus omitempty
v1.ServiceAccount
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  secrets 2 []v1.ObjectReference omitempty strategy=merge key=name list=map keys=name
  imagePullSecrets 3 []v1.LocalObjectReference omitempty list=atomic
  automountServiceAccountToken 4 bool pointer omitempty
v1.ServiceAccountList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.ServiceAccount required
v1.ServiceAccountTokenProjection
  audience 1 string omitempty
  expirationSeconds 2 int64 pointer omitempty
  path 3 string required
v1.ServiceList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []v1.Service required
v1.ServicePort
  name 1 string omitempty
  protocol 2 string omitempty
  appProtocol 6 string pointer omitempty
  port 3 int32 required
  targetPort 4 IntOrString omitempty
  nodePort 5 int32 omitempty
v1.ServiceSpec
  ports 1 []v1.ServicePort omitempty strategy=merge key=port list=map keys=port,protocol
  selector 2 {}string omitempty map=atomic
  clusterIP 3 string omitempty
  clusterIPs 18 []string omitempty list=atomic
  type 4 string omitempty
  externalIPs 5 []string omitempty list=atomic
  sessionAffinity 7 string omitempty
  loadBalancerIP 8 string omitempty
  loadBalancerSourceRanges 9 []string omitempty list=atomic
  externalName 10 string omitempty
  externalTrafficPolicy 11 string omitempty
  healthCheckNodePort 12 int32 omitempty
  publishNotReadyAddresses 13 bool omitempty
  sessionAffinityConfig 14 v1.SessionAffinityConfig pointer omitempty
  ipFamilies 19 []string omitempty list=atomic
  ipFamilyPolicy 17 string pointer omitempty
  allocateLoadBalancerNodePorts 20 bool pointer omitempty
  loadBalancerClass 21 string pointer omitempty
  internalTrafficPolicy 22 string pointer omitempty
  trafficDistribution 23 string pointer omitempty
v1.ServiceStatus
  loadBalancer 1 v1.LoadBalancerStatus omitempty
  conditions 2 []meta/v1.Condition omitempty strategy=merge key=type list=map keys=type
v1.SessionAffinityConfig
  clientIP 1 v1.ClientIPConfig pointer omitempty
v1.SleepAction
  seconds 1 int64 required
v1.StorageOSVolumeSource
  volumeName 1 string omitempty
  volumeNamespace 2 string omitempty
  fsType 3 string omitempty
  readOnly 4 bool omitempty
  secretRef 5 v1.LocalObjectReference pointer omitempty
v1.Sysctl
  name 1 string required
  value 2 string required
v1.TCPSocketAction
  port 1 IntOrString required
  host 2 string omitempty
v1.Taint
  key 1 string required
  value 2 string omitempty
  effect 3 string required
  timeAdded 4 Time pointer omitempty
v1.Toleration
  key 1 string omitempty
  operator 2 string omitempty
  value 3 string omitempty
  effect 4 string omitempty
  tolerationSeconds 5 int64 pointer omitempty
v1.TopologySpreadConstraint
  maxSkew 1 int32 required
  topologyKey 2 string required
  whenUnsatisfiable 3 string required
  labelSelector 4 meta/v1.LabelSelector pointer omitempty
  minDomains 5 int32 pointer omitempty
  nodeAffinityPolicy 6 string pointer omitempty
  nodeTaintsPolicy 7 string pointer omitempty
  matchLabelKeys 8 []string omitempty list=atomic
v1.TypedLocalObjectReference struct=atomic
  apiGroup 1 string pointer
  kind 2 string required
  name 3 string required
v1.TypedObjectReference
  apiGroup 1 string pointer
  kind 2 string required
  name 3 string required
  namespace 4 string pointer omitempty
v1.Volume
  name 1 string required
  @inline 2 v1.VolumeSource
v1.VolumeDevice
  name 1 string required
  devicePath 2 string required
v1.VolumeMount
  name 1 string required
  readOnly 2 bool omitempty
  recursiveReadOnly 7 string pointer omitempty
  mountPath 3 string required
  subPath 4 string omitempty
  mountPropagation 5 string pointer omitempty
  subPathExpr 6 string omitempty
v1.VolumeMountStatus
  name 1 string required
  mountPath 2 string required
  readOnly 3 bool omitempty
  recursiveReadOnly 4 string pointer omitempty
  volumeStatus 5 v1.VolumeStatus pointer omitempty
v1.VolumeProjection
  secret 1 v1.SecretProjection pointer omitempty
  downwardAPI 2 v1.DownwardAPIProjection pointer omitempty
  configMap 3 v1.ConfigMapProjection pointer omitempty
  serviceAccountToken 4 v1.ServiceAccountTokenProjection pointer omitempty
  clusterTrustBundle 5 v1.ClusterTrustBundleProjection pointer omitempty
  podCertificate 6 v1.PodCertificateProjection pointer omitempty
v1.VolumeResourceRequirements
  limits 1 {}Quantity omitempty
  requests 2 {}Quantity omitempty
v1.VolumeSource
  hostPath 1 v1.HostPathVolumeSource pointer omitempty
  emptyDir 2 v1.EmptyDirVolumeSource pointer omitempty
  gcePersistentDisk 3 v1.GCEPersistentDiskVolumeSource pointer omitempty
  awsElasticBlockStore 4 v1.AWSElasticBlockStoreVolumeSource pointer omitempty
  gitRepo 5 v1.GitRepoVolumeSource pointer omitempty
  secret 6 v1.SecretVolumeSource pointer omitempty
  nfs 7 v1.NFSVolumeSource pointer omitempty
  iscsi 8 v1.ISCSIVolumeSource pointer omitempty
  glusterfs 9 v1.GlusterfsVolumeSource pointer omitempty
  persistentVolumeClaim 10 v1.PersistentVolumeClaimVolumeSource pointer omitempty
  rbd 11 v1.RBDVolumeSource pointer omitempty
  flexVolume 12 v1.FlexVolumeSource pointer omitempty
  cinder 13 v1.CinderVolumeSource pointer omitempty
  cephfs 14 v1.CephFSVolumeSource pointer omitempty
  flocker 15 v1.FlockerVolumeSource pointer omitempty
  downwardAPI 16 v1.DownwardAPIVolumeSource pointer omitempty
  fc 17 v1.FCVolumeSource pointer omitempty
  azureFile 18 v1.AzureFileVolumeSource pointer omitempty
  configMap 19 v1.ConfigMapVolumeSource pointer omitempty
  vsphereVolume 20 v1.VsphereVirtualDiskVolumeSource pointer omitempty
  quobyte 21 v1.QuobyteVolumeSource pointer omitempty
  azureDisk 22 v1.AzureDiskVolumeSource pointer omitempty
  photonPersistentDisk 23 v1.PhotonPersistentDiskVolumeSource pointer omitempty
  projected 26 v1.ProjectedVolumeSource pointer omitempty
  portworxVolume 24 v1.PortworxVolumeSource pointer omitempty
  scaleIO 25 v1.ScaleIOVolumeSource pointer omitempty
  storageos 27 v1.StorageOSVolumeSource pointer omitempty
  csi 28 v1.CSIVolumeSource pointer omitempty
  ephemeral 29 v1.EphemeralVolumeSource pointer omitempty
  image 30 v1.ImageVolumeSource pointer omitempty
v1.VolumeStatus
  image 1 v1.ImageVolumeStatus pointer omitempty
v1.VsphereVirtualDiskVolumeSource
  volumePath 1 string required
  fsType 2 string omitempty
  storagePolicyName 3 string omitempty
  storagePolicyID 4 string omitempty
v1.WeightedPodAffinityTerm
  weight 1 int32 required
  podAffinityTerm 2 v1.PodAffinityTerm required
v1.WindowsSecurityContextOptions
  gmsaCredentialSpecName 1 string pointer omitempty
  gmsaCredentialSpec 2 string pointer omitempty
  runAsUserName 3 string pointer omitempty
  hostProcess 4 bool pointer omitempty
`;
