/** The types of storage.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
CSIDriver
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 CSIDriverSpec required
CSIDriverList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []CSIDriver required
CSIDriverSpec
  attachRequired 1 bool pointer omitempty
  podInfoOnMount 2 bool pointer omitempty
  volumeLifecycleModes 3 []VolumeLifecycleMode omitempty list=set
  storageCapacity 4 bool pointer omitempty gate=CSIStorageCapacity
  fsGroupPolicy 5 FSGroupPolicy pointer omitempty
  tokenRequests 6 []TokenRequest omitempty list=atomic
  requiresRepublish 7 bool pointer omitempty
  seLinuxMount 8 bool pointer omitempty gate=SELinuxMountReadWriteOncePod
  nodeAllocatableUpdatePeriodSeconds 9 int64 pointer omitempty gate=MutableCSINodeAllocatableCount
  serviceAccountTokenInSecrets 10 bool pointer omitempty gate=CSIServiceAccountTokenSecrets
  preventPodSchedulingIfMissing 11 bool pointer omitempty gate=VolumeLimitScaling
CSINode
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 CSINodeSpec required
CSINodeDriver
  name 1 string required
  nodeID 2 string required
  topologyKeys 3 []string list=atomic
  allocatable 4 VolumeNodeResources pointer omitempty
CSINodeList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []CSINode required
CSINodeSpec
  drivers 1 []CSINodeDriver required strategy=merge key=name list=map keys=name
CSIStorageCapacity
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  nodeTopology 2 meta/v1.LabelSelector pointer omitempty
  storageClassName 3 string required
  capacity 4 Quantity pointer omitempty
  maximumVolumeSize 5 Quantity pointer omitempty
CSIStorageCapacityList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []CSIStorageCapacity required
FSGroupPolicy = string values=ReadWriteOnceWithFSType,File,None
StorageClass
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  provisioner 2 string required @immutable
  parameters 3 {}string omitempty @immutable
  reclaimPolicy 4 v1.PersistentVolumeReclaimPolicy pointer omitempty @immutable
  mountOptions 5 []string omitempty list=atomic
  allowVolumeExpansion 6 bool pointer omitempty
  volumeBindingMode 7 VolumeBindingMode pointer omitempty @immutable
  allowedTopologies 8 []v1.TopologySelectorTerm omitempty list=atomic
StorageClassList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []StorageClass required
TokenRequest
  audience 1 string required
  expirationSeconds 2 int64 pointer omitempty
VolumeAttachment
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 VolumeAttachmentSpec required @immutable
  status 3 VolumeAttachmentStatus omitempty
VolumeAttachmentList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []VolumeAttachment required
VolumeAttachmentSource
  persistentVolumeName 1 string pointer omitempty
  inlineVolumeSpec 2 v1.PersistentVolumeSpec pointer omitempty
VolumeAttachmentSpec
  attacher 1 string required @format=k8s-long-name-caseless @maxLength=63
  source 2 VolumeAttachmentSource required
  nodeName 3 string required
VolumeAttachmentStatus
  attached 1 bool required
  attachmentMetadata 2 {}string omitempty
  attachError 3 VolumeError pointer omitempty
  detachError 4 VolumeError pointer omitempty
VolumeAttributesClass
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  driverName 2 string required
  parameters 3 {}string omitempty
VolumeAttributesClassList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []VolumeAttributesClass required
VolumeBindingMode = string closed values=Immediate,WaitForFirstConsumer
VolumeError
  time 1 Time omitempty
  message 2 string omitempty
  errorCode 3 int32 pointer omitempty gate=MutableCSINodeAllocatableCount
VolumeLifecycleMode = string values=Persistent,Ephemeral
VolumeNodeResources
  count 1 int32 pointer omitempty
`;
