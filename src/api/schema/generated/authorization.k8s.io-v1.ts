/** The types of authorization.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ExtraValue = []string wrapped
FieldSelectorAttributes
  rawSelector 1 string omitempty
  requirements 2 []meta/v1.FieldSelectorRequirement omitempty list=atomic
LabelSelectorAttributes
  rawSelector 1 string omitempty
  requirements 2 []meta/v1.LabelSelectorRequirement omitempty list=atomic
LocalSubjectAccessReview
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 SubjectAccessReviewSpec required
  status 3 SubjectAccessReviewStatus omitempty
NonResourceAttributes
  path 1 string omitempty
  verb 2 string omitempty
NonResourceRule
  verbs 1 []string required list=atomic
  nonResourceURLs 2 []string omitempty list=atomic
ResourceAttributes
  namespace 1 string omitempty
  verb 2 string omitempty
  group 3 string omitempty
  version 4 string omitempty
  resource 5 string omitempty
  subresource 6 string omitempty
  name 7 string omitempty
  fieldSelector 8 FieldSelectorAttributes pointer omitempty
  labelSelector 9 LabelSelectorAttributes pointer omitempty
ResourceRule
  verbs 1 []string required list=atomic
  apiGroups 2 []string omitempty list=atomic
  resources 3 []string omitempty list=atomic
  resourceNames 4 []string omitempty list=atomic
SelfSubjectAccessReview
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 SelfSubjectAccessReviewSpec required
  status 3 SubjectAccessReviewStatus omitempty
SelfSubjectAccessReviewSpec
  resourceAttributes 1 ResourceAttributes pointer omitempty
  nonResourceAttributes 2 NonResourceAttributes pointer omitempty
SelfSubjectRulesReview
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 SelfSubjectRulesReviewSpec required
  status 3 SubjectRulesReviewStatus omitempty
SelfSubjectRulesReviewSpec
  namespace 1 string omitempty
SubjectAccessReview
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 SubjectAccessReviewSpec required
  status 3 SubjectAccessReviewStatus omitempty
SubjectAccessReviewSpec
  resourceAttributes 1 ResourceAttributes pointer omitempty
  nonResourceAttributes 2 NonResourceAttributes pointer omitempty
  user 3 string omitempty
  groups 4 []string omitempty list=atomic
  extra 5 {}ExtraValue omitempty
  uid 6 string omitempty
SubjectAccessReviewStatus
  allowed 1 bool required
  denied 4 bool omitempty
  reason 2 string omitempty
  evaluationError 3 string omitempty
SubjectRulesReviewStatus
  resourceRules 1 []ResourceRule required list=atomic
  nonResourceRules 2 []NonResourceRule required list=atomic
  incomplete 3 bool required
  evaluationError 4 string omitempty
`;
