/** The types of authentication.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
BoundObjectReference
  kind 1 string omitempty
  apiVersion 2 string omitempty
  name 3 string omitempty
  uid 4 string omitempty
ExtraValue = []string wrapped
SelfSubjectReview
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  status 2 SelfSubjectReviewStatus omitempty
SelfSubjectReviewStatus
  userInfo 1 UserInfo omitempty
TokenRequest
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 TokenRequestSpec
  status 3 TokenRequestStatus omitempty
TokenRequestSpec
  audiences 1 []string list=atomic
  expirationSeconds 4 int64 pointer
  boundObjectRef 3 BoundObjectReference pointer
TokenRequestStatus
  token 1 string
  expirationTimestamp 2 Time
TokenReview
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 TokenReviewSpec required
  status 3 TokenReviewStatus omitempty
TokenReviewSpec
  token 1 string omitempty required
  audiences 2 []string omitempty list=atomic
TokenReviewStatus
  authenticated 1 bool omitempty
  user 2 UserInfo omitempty
  audiences 4 []string omitempty list=atomic
  error 3 string omitempty
UserInfo
  username 1 string omitempty
  uid 2 string omitempty
  groups 3 []string omitempty list=atomic
  extra 4 {}ExtraValue omitempty
`;
