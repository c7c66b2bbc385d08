/** The types of batch/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
CompletionMode = string closed values=NonIndexed,Indexed
ConcurrencyPolicy = string closed values=Allow,Forbid,Replace
CronJob
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 CronJobSpec omitempty required
  status 3 CronJobStatus omitempty
CronJobList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []CronJob required
CronJobSpec
  schedule 1 string required
  timeZone 8 string pointer omitempty
  startingDeadlineSeconds 2 int64 pointer omitempty
  concurrencyPolicy 3 ConcurrencyPolicy omitempty
  suspend 4 bool pointer omitempty
  jobTemplate 5 JobTemplateSpec required
  successfulJobsHistoryLimit 6 int32 pointer omitempty
  failedJobsHistoryLimit 7 int32 pointer omitempty
CronJobStatus
  active 1 []v1.ObjectReference omitempty list=atomic
  lastScheduleTime 4 Time pointer omitempty
  lastSuccessfulTime 5 Time pointer omitempty
Job
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 JobSpec omitempty
  status 3 JobStatus omitempty
JobCondition
  type 1 JobConditionType required
  status 2 v1.ConditionStatus required
  lastProbeTime 3 Time omitempty
  lastTransitionTime 4 Time omitempty
  reason 5 string omitempty
  message 6 string omitempty
JobConditionType = string values=Suspended,Complete,Failed,FailureTarget,SuccessCriteriaMet
JobList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Job required
JobSpec
  parallelism 1 int32 pointer omitempty
  completions 2 int32 pointer omitempty
  activeDeadlineSeconds 3 int64 pointer omitempty
  podFailurePolicy 11 PodFailurePolicy pointer omitempty
  successPolicy 16 SuccessPolicy pointer omitempty
  backoffLimit 7 int32 pointer omitempty
  backoffLimitPerIndex 12 int32 pointer omitempty
  maxFailedIndexes 13 int32 pointer omitempty
  selector 4 meta/v1.LabelSelector pointer omitempty
  manualSelector 5 bool pointer omitempty
  template 6 v1.PodTemplateSpec required
  ttlSecondsAfterFinished 8 int32 pointer omitempty
  completionMode 9 CompletionMode pointer omitempty
  suspend 10 bool pointer omitempty
  podReplacementPolicy 14 PodReplacementPolicy pointer omitempty
  managedBy 15 string pointer omitempty
JobStatus
  conditions 1 []JobCondition omitempty strategy=merge key=type list=atomic
  startTime 2 Time pointer omitempty
  completionTime 3 Time pointer omitempty
  active 4 int32 omitempty
  succeeded 5 int32 omitempty
  failed 6 int32 omitempty
  terminating 11 int32 pointer omitempty
  completedIndexes 7 string omitempty
  failedIndexes 10 string pointer omitempty
  uncountedTerminatedPods 8 UncountedTerminatedPods pointer omitempty
  ready 9 int32 pointer omitempty
JobTemplateSpec
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 JobSpec omitempty
PodFailurePolicy
  rules 1 []PodFailurePolicyRule required list=atomic
PodFailurePolicyAction = string closed values=FailJob,FailIndex,Ignore,Count
PodFailurePolicyOnExitCodesOperator = string closed values=In,NotIn
PodFailurePolicyOnExitCodesRequirement
  containerName 1 string pointer omitempty
  operator 2 PodFailurePolicyOnExitCodesOperator required
  values 3 []int32 required list=set
PodFailurePolicyOnPodConditionsPattern
  type 1 v1.PodConditionType required
  status 2 v1.ConditionStatus
PodFailurePolicyRule
  action 1 PodFailurePolicyAction required
  onExitCodes 2 PodFailurePolicyOnExitCodesRequirement pointer omitempty
  onPodConditions 3 []PodFailurePolicyOnPodConditionsPattern omitempty list=atomic
PodReplacementPolicy = string closed values=TerminatingOrFailed,Failed
SuccessPolicy
  rules 1 []SuccessPolicyRule required list=atomic
SuccessPolicyRule
  succeededIndexes 1 string pointer omitempty
  succeededCount 2 int32 pointer omitempty
UncountedTerminatedPods
  succeeded 1 []string omitempty list=set
  failed 2 []string omitempty list=set
`;
