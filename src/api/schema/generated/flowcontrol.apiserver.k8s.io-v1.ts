/** The types of flowcontrol.apiserver.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ConditionStatus = string values=True,False,Unknown
ExemptPriorityLevelConfiguration
  nominalConcurrencyShares 1 int32 pointer omitempty
  lendablePercent 2 int32 pointer omitempty
FlowDistinguisherMethod
  type 1 FlowDistinguisherMethodType required
FlowDistinguisherMethodType = string values=ByUser,ByNamespace
FlowSchema
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 FlowSchemaSpec omitempty
  status 3 FlowSchemaStatus omitempty
FlowSchemaCondition
  type 1 FlowSchemaConditionType omitempty
  status 2 ConditionStatus omitempty
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
FlowSchemaConditionType = string
FlowSchemaList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []FlowSchema required
FlowSchemaSpec
  priorityLevelConfiguration 1 PriorityLevelConfigurationReference required
  matchingPrecedence 2 int32
  distinguisherMethod 3 FlowDistinguisherMethod pointer omitempty
  rules 4 []PolicyRulesWithSubjects omitempty list=atomic
FlowSchemaStatus
  conditions 1 []FlowSchemaCondition omitempty strategy=merge key=type list=map keys=type
GroupSubject
  name 1 string required
LimitResponse
  type 1 LimitResponseType required discriminator
  queuing 2 QueuingConfiguration pointer omitempty @member(Queue)=required @member(Reject)=forbidden
LimitResponseType = string values=Queue,Reject
LimitedPriorityLevelConfiguration
  nominalConcurrencyShares 1 int32 pointer
  limitResponse 2 LimitResponse omitempty
  lendablePercent 3 int32 pointer omitempty
  borrowingLimitPercent 4 int32 pointer omitempty
NonResourcePolicyRule
  verbs 1 []string required list=set
  nonResourceURLs 6 []string required list=set
PolicyRulesWithSubjects
  subjects 1 []Subject required list=atomic
  resourceRules 2 []ResourcePolicyRule omitempty list=atomic
  nonResourceRules 3 []NonResourcePolicyRule omitempty list=atomic
PriorityLevelConfiguration
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 PriorityLevelConfigurationSpec omitempty
  status 3 PriorityLevelConfigurationStatus omitempty
PriorityLevelConfigurationCondition
  type 1 PriorityLevelConfigurationConditionType omitempty
  status 2 ConditionStatus omitempty
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
PriorityLevelConfigurationConditionType = string
PriorityLevelConfigurationList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []PriorityLevelConfiguration required
PriorityLevelConfigurationReference
  name 1 string required
PriorityLevelConfigurationSpec
  type 1 PriorityLevelEnablement required discriminator
  limited 2 LimitedPriorityLevelConfiguration pointer omitempty @member(Exempt)=forbidden @member(Limited)=required
  exempt 3 ExemptPriorityLevelConfiguration pointer omitempty @member(Exempt)=optional @member(Limited)=forbidden
PriorityLevelConfigurationStatus
  conditions 1 []PriorityLevelConfigurationCondition omitempty strategy=merge key=type list=map keys=type
PriorityLevelEnablement = string values=Exempt,Limited
QueuingConfiguration
  queues 1 int32
  handSize 2 int32
  queueLengthLimit 3 int32
ResourcePolicyRule
  verbs 1 []string required list=set
  apiGroups 2 []string required list=set
  resources 3 []string required list=set
  clusterScope 4 bool omitempty
  namespaces 5 []string list=set
ServiceAccountSubject
  namespace 1 string required
  name 2 string required
Subject
  kind 1 SubjectKind required discriminator
  user 2 UserSubject pointer omitempty
  group 3 GroupSubject pointer omitempty
  serviceAccount 4 ServiceAccountSubject pointer omitempty
SubjectKind = string values=User,Group,ServiceAccount
UserSubject
  name 1 string required
`;
