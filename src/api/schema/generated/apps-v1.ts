/** The types of apps/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ControllerRevision
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  data 2 RawExtension omitempty
  revision 3 int64 required
ControllerRevisionList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ControllerRevision required
DaemonSet
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 DaemonSetSpec omitempty
  status 3 DaemonSetStatus omitempty
DaemonSetCondition
  type 1 DaemonSetConditionType required
  status 2 v1.ConditionStatus required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
DaemonSetConditionType = string
DaemonSetList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []DaemonSet required
DaemonSetSpec
  selector 1 meta/v1.LabelSelector pointer required
  template 2 v1.PodTemplateSpec required
  updateStrategy 3 DaemonSetUpdateStrategy omitempty
  minReadySeconds 4 int32 omitempty
  revisionHistoryLimit 6 int32 pointer omitempty
DaemonSetStatus
  currentNumberScheduled 1 int32 required
  numberMisscheduled 2 int32 required
  desiredNumberScheduled 3 int32 required
  numberReady 4 int32 required
  observedGeneration 5 int64 omitempty
  updatedNumberScheduled 6 int32 omitempty
  numberAvailable 7 int32 omitempty
  numberUnavailable 8 int32 omitempty
  collisionCount 9 int32 pointer omitempty
  conditions 10 []DaemonSetCondition omitempty strategy=merge key=type list=map keys=type
DaemonSetUpdateStrategy
  type 1 DaemonSetUpdateStrategyType omitempty
  rollingUpdate 2 RollingUpdateDaemonSet pointer omitempty
DaemonSetUpdateStrategyType = string closed values=RollingUpdate,OnDelete
Deployment
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 DeploymentSpec omitempty
  status 3 DeploymentStatus omitempty
DeploymentCondition
  type 1 DeploymentConditionType required
  status 2 v1.ConditionStatus required
  lastUpdateTime 6 Time omitempty
  lastTransitionTime 7 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
DeploymentConditionType = string values=Available,Progressing,ReplicaFailure
DeploymentList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Deployment required
DeploymentSpec
  replicas 1 int32 pointer omitempty
  selector 2 meta/v1.LabelSelector pointer required
  template 3 v1.PodTemplateSpec required
  strategy 4 DeploymentStrategy omitempty strategy=retainKeys
  minReadySeconds 5 int32 omitempty
  revisionHistoryLimit 6 int32 pointer omitempty
  paused 7 bool omitempty
  progressDeadlineSeconds 9 int32 pointer omitempty
DeploymentStatus
  observedGeneration 1 int64 omitempty
  replicas 2 int32 omitempty
  updatedReplicas 3 int32 omitempty
  readyReplicas 7 int32 omitempty
  availableReplicas 4 int32 omitempty
  unavailableReplicas 5 int32 omitempty
  terminatingReplicas 9 int32 pointer omitempty
  conditions 6 []DeploymentCondition omitempty strategy=merge key=type list=map keys=type
  collisionCount 8 int32 pointer omitempty
DeploymentStrategy
  type 1 DeploymentStrategyType omitempty
  rollingUpdate 2 RollingUpdateDeployment pointer omitempty
DeploymentStrategyType = string closed values=Recreate,RollingUpdate
PersistentVolumeClaimRetentionPolicyType = string values=Retain,Delete
PodManagementPolicyType = string closed values=OrderedReady,Parallel
ReplicaSet
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ReplicaSetSpec omitempty
  status 3 ReplicaSetStatus omitempty
ReplicaSetCondition
  type 1 ReplicaSetConditionType required
  status 2 v1.ConditionStatus required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
ReplicaSetConditionType = string values=ReplicaFailure
ReplicaSetList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ReplicaSet required
ReplicaSetSpec
  replicas 1 int32 pointer omitempty
  minReadySeconds 4 int32 omitempty
  selector 2 meta/v1.LabelSelector pointer required
  template 3 v1.PodTemplateSpec omitempty
ReplicaSetStatus
  replicas 1 int32 required
  fullyLabeledReplicas 2 int32 omitempty
  readyReplicas 4 int32 omitempty
  availableReplicas 5 int32 omitempty
  terminatingReplicas 7 int32 pointer omitempty
  observedGeneration 3 int64 omitempty
  conditions 6 []ReplicaSetCondition omitempty strategy=merge key=type list=map keys=type
RollingUpdateDaemonSet
  maxUnavailable 1 IntOrString pointer omitempty
  maxSurge 2 IntOrString pointer omitempty
RollingUpdateDeployment
  maxUnavailable 1 IntOrString pointer omitempty
  maxSurge 2 IntOrString pointer omitempty
RollingUpdateStatefulSetStrategy
  partition 1 int32 pointer omitempty
  maxUnavailable 2 IntOrString pointer omitempty gate=MaxUnavailableStatefulSet
StatefulSet
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 StatefulSetSpec omitempty
  status 3 StatefulSetStatus omitempty
StatefulSetCondition
  type 1 StatefulSetConditionType required
  status 2 v1.ConditionStatus required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
StatefulSetConditionType = string
StatefulSetList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []StatefulSet required
StatefulSetOrdinals
  start 1 int32
StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted 1 PersistentVolumeClaimRetentionPolicyType omitempty
  whenScaled 2 PersistentVolumeClaimRetentionPolicyType omitempty
StatefulSetSpec
  replicas 1 int32 pointer omitempty
  selector 2 meta/v1.LabelSelector pointer required
  template 3 v1.PodTemplateSpec required
  volumeClaimTemplates 4 []v1.PersistentVolumeClaim omitempty list=atomic
  serviceName 5 string
  podManagementPolicy 6 PodManagementPolicyType omitempty
  updateStrategy 7 StatefulSetUpdateStrategy omitempty
  revisionHistoryLimit 8 int32 pointer omitempty
  minReadySeconds 9 int32 omitempty
  persistentVolumeClaimRetentionPolicy 10 StatefulSetPersistentVolumeClaimRetentionPolicy pointer omitempty
  ordinals 11 StatefulSetOrdinals pointer omitempty
StatefulSetStatus
  observedGeneration 1 int64 omitempty
  replicas 2 int32 required
  readyReplicas 3 int32 omitempty
  currentReplicas 4 int32 omitempty
  updatedReplicas 5 int32 omitempty
  currentRevision 6 string omitempty
  updateRevision 7 string omitempty
  collisionCount 9 int32 pointer omitempty
  conditions 10 []StatefulSetCondition omitempty strategy=merge key=type list=map keys=type
  availableReplicas 11 int32
StatefulSetUpdateStrategy
  type 1 StatefulSetUpdateStrategyType omitempty
  rollingUpdate 2 RollingUpdateStatefulSetStrategy pointer omitempty
StatefulSetUpdateStrategyType = string closed values=RollingUpdate,OnDelete
`;
