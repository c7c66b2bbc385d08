/** The types of autoscaling/v2. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ContainerResourceMetricSource
  name 1 v1.ResourceName required
  target 2 MetricTarget required
  container 3 string required
ContainerResourceMetricStatus
  name 1 v1.ResourceName required
  current 2 MetricValueStatus required
  container 3 string required
CrossVersionObjectReference
  kind 1 string required
  name 2 string required
  apiVersion 3 string omitempty
ExternalMetricSource
  metric 1 MetricIdentifier required
  target 2 MetricTarget required
ExternalMetricStatus
  metric 1 MetricIdentifier required
  current 2 MetricValueStatus required
HPAScalingPolicy
  type 1 HPAScalingPolicyType required
  value 2 int32 required
  periodSeconds 3 int32 required
HPAScalingPolicyType = string values=Pods,Percent
HPAScalingRules
  stabilizationWindowSeconds 3 int32 pointer omitempty
  selectPolicy 1 ScalingPolicySelect pointer omitempty
  policies 2 []HPAScalingPolicy omitempty list=atomic
  tolerance 4 Quantity pointer omitempty gate=HPAConfigurableTolerance
HorizontalPodAutoscaler
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 HorizontalPodAutoscalerSpec omitempty required
  status 3 HorizontalPodAutoscalerStatus omitempty
HorizontalPodAutoscalerBehavior
  scaleUp 1 HPAScalingRules pointer omitempty
  scaleDown 2 HPAScalingRules pointer omitempty
HorizontalPodAutoscalerCondition
  type 1 HorizontalPodAutoscalerConditionType required
  status 2 v1.ConditionStatus required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
HorizontalPodAutoscalerConditionType = string values=ScalingActive,AbleToScale,ScalingLimited,ScaledToZero
HorizontalPodAutoscalerList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []HorizontalPodAutoscaler required
HorizontalPodAutoscalerSpec
  scaleTargetRef 1 CrossVersionObjectReference required
  minReplicas 2 int32 pointer omitempty @ifDisabled(HPAScaleToZero)=minimum=1 @ifEnabled(HPAScaleToZero)=minimum=0
  maxReplicas 3 int32 required @minimum=1
  metrics 4 []MetricSpec omitempty list=atomic
  behavior 5 HorizontalPodAutoscalerBehavior pointer omitempty
HorizontalPodAutoscalerStatus
  observedGeneration 1 int64 pointer omitempty
  lastScaleTime 2 Time pointer omitempty
  currentReplicas 3 int32 omitempty
  desiredReplicas 4 int32 required
  currentMetrics 5 []MetricStatus list=atomic
  conditions 6 []HorizontalPodAutoscalerCondition omitempty strategy=merge key=type list=map keys=type
MetricIdentifier
  name 1 string required
  selector 2 meta/v1.LabelSelector pointer omitempty
MetricSourceType = string values=Object,Pods,Resource,ContainerResource,External
MetricSpec
  type 1 MetricSourceType required
  object 2 ObjectMetricSource pointer omitempty
  pods 3 PodsMetricSource pointer omitempty
  resource 4 ResourceMetricSource pointer omitempty
  containerResource 7 ContainerResourceMetricSource pointer omitempty
  external 5 ExternalMetricSource pointer omitempty
MetricStatus
  type 1 MetricSourceType required
  object 2 ObjectMetricStatus pointer omitempty
  pods 3 PodsMetricStatus pointer omitempty
  resource 4 ResourceMetricStatus pointer omitempty
  containerResource 7 ContainerResourceMetricStatus pointer omitempty
  external 5 ExternalMetricStatus pointer omitempty
MetricTarget
  type 1 MetricTargetType required
  value 2 Quantity pointer omitempty
  averageValue 3 Quantity pointer omitempty
  averageUtilization 4 int32 pointer omitempty
MetricTargetType = string values=Utilization,Value,AverageValue
MetricValueStatus
  value 1 Quantity pointer omitempty
  averageValue 2 Quantity pointer omitempty
  averageUtilization 3 int32 pointer omitempty
ObjectMetricSource
  describedObject 1 CrossVersionObjectReference required
  target 2 MetricTarget required
  metric 3 MetricIdentifier required
ObjectMetricStatus
  metric 1 MetricIdentifier required
  current 2 MetricValueStatus required
  describedObject 3 CrossVersionObjectReference required
PodsMetricSource
  metric 1 MetricIdentifier required
  target 2 MetricTarget required
PodsMetricStatus
  metric 1 MetricIdentifier required
  current 2 MetricValueStatus required
ResourceMetricSource
  name 1 v1.ResourceName required
  target 2 MetricTarget required
ResourceMetricStatus
  name 1 v1.ResourceName required
  current 2 MetricValueStatus required
ScalingPolicySelect = string values=Max,Min,Disabled
`;
