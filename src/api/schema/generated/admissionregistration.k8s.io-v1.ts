/** The types of admissionregistration.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ApplyConfiguration
  expression 1 string omitempty
AuditAnnotation
  key 1 string required
  valueExpression 2 string required
ExpressionWarning
  fieldRef 2 string required
  warning 3 string required
FailurePolicyType = string closed values=Ignore,Fail
JSONPatch
  expression 1 string omitempty
MatchCondition
  name 1 string required
  expression 2 string required
MatchPolicyType = string closed values=Exact,Equivalent
MatchResources struct=atomic
  namespaceSelector 1 meta/v1.LabelSelector pointer omitempty
  objectSelector 2 meta/v1.LabelSelector pointer omitempty
  resourceRules 3 []NamedRuleWithOperations omitempty list=atomic
  excludeResourceRules 4 []NamedRuleWithOperations omitempty list=atomic
  matchPolicy 7 MatchPolicyType pointer omitempty
MutatingAdmissionPolicy
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 MutatingAdmissionPolicySpec omitempty
MutatingAdmissionPolicyBinding
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 MutatingAdmissionPolicyBindingSpec omitempty
MutatingAdmissionPolicyBindingList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []MutatingAdmissionPolicyBinding required
MutatingAdmissionPolicyBindingSpec
  policyName 1 string omitempty
  paramRef 2 ParamRef pointer omitempty
  matchResources 3 MatchResources pointer omitempty
MutatingAdmissionPolicyList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []MutatingAdmissionPolicy required
MutatingAdmissionPolicySpec
  paramKind 1 ParamKind pointer omitempty
  matchConstraints 2 MatchResources pointer omitempty
  variables 3 []Variable omitempty list=atomic
  mutations 4 []Mutation omitempty list=atomic
  failurePolicy 5 FailurePolicyType pointer omitempty
  matchConditions 6 []MatchCondition omitempty strategy=merge key=name list=map keys=name
  reinvocationPolicy 7 ReinvocationPolicyType omitempty
MutatingWebhook
  name 1 string required
  clientConfig 2 WebhookClientConfig required
  rules 3 []RuleWithOperations omitempty list=atomic
  failurePolicy 4 FailurePolicyType pointer omitempty
  matchPolicy 9 MatchPolicyType pointer omitempty
  namespaceSelector 5 meta/v1.LabelSelector pointer omitempty
  objectSelector 11 meta/v1.LabelSelector pointer omitempty
  sideEffects 6 SideEffectClass pointer required
  timeoutSeconds 7 int32 pointer omitempty
  admissionReviewVersions 8 []string required list=atomic
  reinvocationPolicy 10 ReinvocationPolicyType pointer omitempty
  matchConditions 12 []MatchCondition omitempty strategy=merge key=name list=map keys=name
MutatingWebhookConfiguration
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  webhooks 2 []MutatingWebhook omitempty strategy=merge key=name list=map keys=name
MutatingWebhookConfigurationList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []MutatingWebhookConfiguration required
Mutation
  patchType 2 PatchType required discriminator
  applyConfiguration 3 ApplyConfiguration pointer omitempty
  jsonPatch 4 JSONPatch pointer omitempty
NamedRuleWithOperations struct=atomic
  resourceNames 1 []string omitempty list=atomic
  @inline 2 RuleWithOperations
OperationType = string closed values=*,CREATE,UPDATE,DELETE,CONNECT
ParamKind struct=atomic
  apiVersion 1 string omitempty
  kind 2 string omitempty
ParamRef struct=atomic
  name 1 string omitempty
  namespace 2 string omitempty
  selector 3 meta/v1.LabelSelector pointer omitempty
  parameterNotFoundAction 4 ParameterNotFoundActionType pointer omitempty
ParameterNotFoundActionType = string values=Allow,Deny
PatchType = string closed values=ApplyConfiguration,JSONPatch
ReinvocationPolicyType = string closed values=Never,IfNeeded
Rule
  apiGroups 1 []string omitempty list=atomic
  apiVersions 2 []string omitempty list=atomic
  resources 3 []string omitempty list=atomic
  scope 4 ScopeType pointer omitempty
RuleWithOperations
  operations 1 []OperationType omitempty list=atomic
  @inline 2 Rule
ScopeType = string closed values=Cluster,Namespaced,*
ServiceReference
  namespace 1 string required
  name 2 string required
  path 3 string pointer omitempty
  port 4 int32 pointer omitempty
SideEffectClass = string closed values=Unknown,None,Some,NoneOnDryRun
TypeChecking
  expressionWarnings 1 []ExpressionWarning omitempty list=atomic
ValidatingAdmissionPolicy
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ValidatingAdmissionPolicySpec omitempty
  status 3 ValidatingAdmissionPolicyStatus omitempty
ValidatingAdmissionPolicyBinding
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 ValidatingAdmissionPolicyBindingSpec omitempty required
ValidatingAdmissionPolicyBindingList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ValidatingAdmissionPolicyBinding required
ValidatingAdmissionPolicyBindingSpec
  policyName 1 string omitempty required
  paramRef 2 ParamRef pointer omitempty
  matchResources 3 MatchResources pointer omitempty
  validationActions 4 []ValidationAction omitempty required list=set
ValidatingAdmissionPolicyConditionType = string
ValidatingAdmissionPolicyList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ValidatingAdmissionPolicy required
ValidatingAdmissionPolicySpec
  paramKind 1 ParamKind pointer omitempty
  matchConstraints 2 MatchResources pointer omitempty
  validations 3 []Validation omitempty list=atomic
  failurePolicy 4 FailurePolicyType pointer omitempty
  auditAnnotations 5 []AuditAnnotation omitempty list=atomic
  matchConditions 6 []MatchCondition omitempty strategy=merge key=name list=map keys=name
  variables 7 []Variable omitempty strategy=merge key=name list=map keys=name
ValidatingAdmissionPolicyStatus
  observedGeneration 1 int64 omitempty
  typeChecking 2 TypeChecking pointer omitempty
  conditions 3 []meta/v1.Condition omitempty list=map keys=type
ValidatingWebhook
  name 1 string required
  clientConfig 2 WebhookClientConfig required
  rules 3 []RuleWithOperations omitempty list=atomic
  failurePolicy 4 FailurePolicyType pointer omitempty
  matchPolicy 9 MatchPolicyType pointer omitempty
  namespaceSelector 5 meta/v1.LabelSelector pointer omitempty
  objectSelector 10 meta/v1.LabelSelector pointer omitempty
  sideEffects 6 SideEffectClass pointer required
  timeoutSeconds 7 int32 pointer omitempty
  admissionReviewVersions 8 []string required list=atomic
  matchConditions 11 []MatchCondition omitempty strategy=merge key=name list=map keys=name
ValidatingWebhookConfiguration
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  webhooks 2 []ValidatingWebhook omitempty strategy=merge key=name list=map keys=name
ValidatingWebhookConfigurationList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []ValidatingWebhookConfiguration required
Validation
  expression 1 string required
  message 2 string omitempty
  reason 3 meta/v1.StatusReason pointer omitempty
  messageExpression 4 string omitempty
ValidationAction = string closed values=Deny,Warn,Audit
Variable struct=atomic
  name 1 string required
  expression 2 string required
WebhookClientConfig
  url 3 string pointer omitempty
  service 1 ServiceReference pointer omitempty
  caBundle 2 bytes omitempty
`;
