/** The types of autoscaling/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ContainerResourceMetricSource
  name 1 v1.ResourceName required
  targetAverageUtilization 2 int32 pointer omitempty
  targetAverageValue 3 Quantity pointer omitempty
  container 5 string required
ContainerResourceMetricStatus
  name 1 v1.ResourceName required
  currentAverageUtilization 2 int32 pointer omitempty
  currentAverageValue 3 Quantity required
  container 4 string required
CrossVersionObjectReference struct=atomic
  kind 1 string required
  name 2 string required
  apiVersion 3 string omitempty
ExternalMetricSource
  metricName 1 string required
  metricSelector 2 meta/v1.LabelSelector pointer omitempty
  targetValue 3 Quantity pointer omitempty
  targetAverageValue 4 Quantity pointer omitempty
ExternalMetricStatus
  metricName 1 string required
  metricSelector 2 meta/v1.LabelSelector pointer omitempty
  currentValue 3 Quantity required
  currentAverageValue 4 Quantity pointer omitempty
HorizontalPodAutoscaler
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 HorizontalPodAutoscalerSpec omitempty required
  status 3 HorizontalPodAutoscalerStatus omitempty
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
  targetCPUUtilizationPercentage 4 int32 pointer omitempty
HorizontalPodAutoscalerStatus
  observedGeneration 1 int64 pointer omitempty
  lastScaleTime 2 Time pointer omitempty
  currentReplicas 3 int32 required
  desiredReplicas 4 int32 required
  currentCPUUtilizationPercentage 5 int32 pointer omitempty
MetricSourceType = string closed values=Object,Pods,Resource,ContainerResource,External
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
ObjectMetricSource
  target 1 CrossVersionObjectReference required
  metricName 2 string required
  targetValue 3 Quantity required
  selector 4 meta/v1.LabelSelector pointer omitempty
  averageValue 5 Quantity pointer omitempty
ObjectMetricStatus
  target 1 CrossVersionObjectReference required
  metricName 2 string required
  currentValue 3 Quantity required
  selector 4 meta/v1.LabelSelector pointer omitempty
  averageValue 5 Quantity pointer omitempty
PodsMetricSource
  metricName 1 string required
  targetAverageValue 2 Quantity required
  selector 3 meta/v1.LabelSelector pointer omitempty
PodsMetricStatus
  metricName 1 string required
  currentAverageValue 2 Quantity required
  selector 3 meta/v1.LabelSelector pointer omitempty
ResourceMetricSource
  name 1 v1.ResourceName required
  targetAverageUtilization 2 int32 pointer omitempty
  targetAverageValue 3 Quantity pointer omitempty
ResourceMetricStatus
  name 1 v1.ResourceName required
  currentAverageUtilization 2 int32 pointer omitempty
  currentAverageValue 3 Quantity required
Scale
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ScaleSpec omitempty
  status 3 ScaleStatus omitempty
ScaleSpec
  replicas 1 int32 omitempty default=0 @minimum=0
ScaleStatus
  replicas 1 int32 required
  selector 2 string omitempty
`;
