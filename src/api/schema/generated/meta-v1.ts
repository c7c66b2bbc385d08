/** The types of meta/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
APIGroup
  @inline - TypeMeta
  name 1 string required
  versions 2 []GroupVersionForDiscovery required list=atomic
  preferredVersion 3 GroupVersionForDiscovery omitempty
  serverAddressByClientCIDRs 4 []ServerAddressByClientCIDR omitempty list=atomic
APIGroupList
  @inline - TypeMeta
  groups 1 []APIGroup required list=atomic
APIResource
  name 1 string required
  singularName 6 string required
  namespaced 2 bool required
  group 8 string omitempty
  version 9 string omitempty
  kind 3 string required
  verbs 4 Verbs required
  shortNames 5 []string omitempty list=atomic
  categories 7 []string omitempty list=atomic
  storageVersionHash 10 string omitempty
APIResourceList
  @inline - TypeMeta
  groupVersion 1 string required
  resources 2 []APIResource required list=atomic
APIVersions
  @inline - TypeMeta
  versions 1 []string required list=atomic
  serverAddressByClientCIDRs 2 []ServerAddressByClientCIDR required list=atomic
ApplyOptions
  @inline - TypeMeta
  dryRun 1 []string omitempty list=atomic
  force 2 bool required
  fieldManager 3 string required
CauseType = string values=FieldValueNotFound,FieldValueRequired,FieldValueDuplicate,FieldValueInvalid,FieldValueNotSupported,FieldValueForbidden,FieldValueTooLong,FieldValueTooMany,InternalError,FieldValueTypeInvalid,UnexpectedServerResponse,FieldManagerConflict,ResourceVersionTooLarge
Condition
  type 1 string required
  status 2 ConditionStatus required
  observedGeneration 3 int64 omitempty
  lastTransitionTime 4 Time required
  reason 5 string required
  message 6 string required
ConditionStatus = string values=True,False,Unknown
CreateOptions
  @inline - TypeMeta
  dryRun 1 []string omitempty list=atomic
  fieldManager 3 string omitempty
  fieldValidation 4 string omitempty
DeleteOptions
  @inline - TypeMeta
  gracePeriodSeconds 1 int64 pointer omitempty
  preconditions 2 Preconditions pointer omitempty
  orphanDependents 3 bool pointer omitempty
  propagationPolicy 4 DeletionPropagation pointer omitempty
  dryRun 5 []string omitempty list=atomic
  ignoreStoreReadErrorWithClusterBreakingPotential 6 bool pointer omitempty
DeletionPropagation = string values=Orphan,Background,Foreground
FieldSelectorOperator = string values=In,NotIn,Exists,DoesNotExist
FieldSelectorRequirement
  key 1 string required
  operator 2 FieldSelectorOperator required
  values 3 []string omitempty list=atomic
GetOptions
  @inline - TypeMeta
  resourceVersion 1 string omitempty
GroupKind
  group 1 string required
  kind 2 string required
GroupResource
  group 1 string required
  resource 2 string required
GroupVersion
  group 1 string required
  version 2 string required
GroupVersionForDiscovery
  groupVersion 1 string required
  version 2 string required
GroupVersionKind
  group 1 string required
  version 2 string required
  kind 3 string required
GroupVersionResource
  group 1 string required
  version 2 string required
  resource 3 string required
IncludeObjectPolicy = string values=None,Metadata,Object
LabelSelector struct=atomic
  matchLabels 1 {}string omitempty
  matchExpressions 2 []LabelSelectorRequirement omitempty list=atomic
LabelSelectorOperator = string values=In,NotIn,Exists,DoesNotExist
LabelSelectorRequirement
  key 1 string required
  operator 2 LabelSelectorOperator required
  values 3 []string omitempty list=atomic
List
  @inline - TypeMeta
  metadata 1 ListMeta omitempty
  items 2 []RawExtension required
ListMeta
  selfLink 1 string omitempty
  resourceVersion 2 string omitempty
  continue 3 string omitempty
  remainingItemCount 4 int64 pointer omitempty
  shardInfo 5 ShardInfo pointer omitempty gate=ShardedListAndWatch
ListOptions
  @inline - TypeMeta
  labelSelector 1 string omitempty
  fieldSelector 2 string omitempty
  watch 3 bool omitempty
  allowWatchBookmarks 9 bool omitempty
  resourceVersion 4 string omitempty
  resourceVersionMatch 10 ResourceVersionMatch omitempty
  timeoutSeconds 5 int64 pointer omitempty
  limit 7 int64 omitempty
  continue 8 string omitempty
  sendInitialEvents 11 bool pointer omitempty
  shardSelector 15 string omitempty gate=ShardedListAndWatch
ManagedFieldsEntry
  manager 1 string omitempty
  operation 2 ManagedFieldsOperationType omitempty
  apiVersion 3 string omitempty
  time 4 Time pointer omitempty
  fieldsType 6 string omitempty
  fieldsV1 7 FieldsV1 pointer omitempty
  subresource 8 string omitempty
ManagedFieldsOperationType = string values=Apply,Update
ObjectMeta
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
  ownerReferences 13 []OwnerReference omitempty strategy=merge key=uid list=map keys=uid
  finalizers 14 []string omitempty strategy=merge list=set
  managedFields 17 []ManagedFieldsEntry omitempty list=atomic
OwnerReference struct=atomic
  apiVersion 5 string required
  kind 1 string required
  name 3 string required
  uid 4 string required
  controller 6 bool pointer omitempty
  blockOwnerDeletion 7 bool pointer omitempty
PartialObjectMetadata
  @inline - TypeMeta
  metadata 1 ObjectMeta omitempty
PartialObjectMetadataList
  @inline - TypeMeta
  metadata 1 ListMeta omitempty
  items 2 []PartialObjectMetadata required
Patch
PatchOptions
  @inline - TypeMeta
  dryRun 1 []string omitempty list=atomic
  force 2 bool pointer omitempty
  fieldManager 3 string omitempty
  fieldValidation 4 string omitempty
Preconditions
  uid 1 string pointer omitempty
  resourceVersion 2 string pointer omitempty
ResourceVersionMatch = string values=NotOlderThan,Exact
RootPaths
  paths 1 []string required list=atomic
RowConditionType = string values=Completed
ServerAddressByClientCIDR
  clientCIDR 1 string required
  serverAddress 2 string required
ShardInfo
  selector 1 string required
Status
  @inline - TypeMeta
  metadata 1 ListMeta omitempty
  status 2 string omitempty
  message 3 string omitempty
  reason 4 StatusReason omitempty
  details 5 StatusDetails pointer omitempty
  code 6 int32 omitempty
StatusCause
  reason 1 CauseType omitempty
  message 2 string omitempty
  field 3 string omitempty
StatusDetails
  name 1 string omitempty
  group 2 string omitempty
  kind 3 string omitempty
  uid 6 string omitempty
  causes 4 []StatusCause omitempty list=atomic
  retryAfterSeconds 5 int32 omitempty
StatusReason = string values=,Unauthorized,Forbidden,NotFound,AlreadyExists,Conflict,Gone,Invalid,ServerTimeout,StorageReadError,Timeout,TooManyRequests,BadRequest,MethodNotAllowed,NotAcceptable,RequestEntityTooLarge,UnsupportedMediaType,InternalError,Expired,ServiceUnavailable
Table
  @inline - TypeMeta
  metadata - ListMeta omitempty
  columnDefinitions - []TableColumnDefinition required list=atomic
  rows - []TableRow required list=atomic
TableColumnDefinition
  name - string required
  type - string required
  format - string required
  description - string required
  priority - int32 required
TableOptions
  @inline - TypeMeta
  includeObject 1 IncludeObjectPolicy omitempty
TableRow
  cells - []any required list=atomic
  conditions - []TableRowCondition omitempty list=atomic
  object - RawExtension omitempty
TableRowCondition
  type - RowConditionType required
  status - ConditionStatus required
  reason - string omitempty
  message - string omitempty
TypeMeta
  kind 1 string omitempty
  apiVersion 2 string omitempty
UpdateOptions
  @inline - TypeMeta
  dryRun 1 []string omitempty list=atomic
  fieldManager 2 string omitempty
  fieldValidation 3 string omitempty
Verbs = []string wrapped
WatchEvent
  type 1 string required
  object 2 RawExtension required
`;
