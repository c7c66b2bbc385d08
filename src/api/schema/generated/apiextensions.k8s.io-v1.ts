/** The types of apiextensions.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
ConditionStatus = string values=True,False,Unknown
ConversionRequest
  uid 1 string required
  desiredAPIVersion 2 string required
  objects 3 []RawExtension required list=atomic
ConversionResponse
  uid 1 string required
  convertedObjects 2 []RawExtension required list=atomic
  result 3 meta/v1.Status required
ConversionReview
  @inline - meta/v1.TypeMeta
  request 1 ConversionRequest pointer omitempty
  response 2 ConversionResponse pointer omitempty
ConversionStrategyType = string values=None,Webhook
CustomResourceColumnDefinition
  name 1 string required
  type 2 string required
  format 3 string omitempty
  description 4 string omitempty
  priority 5 int32 omitempty
  jsonPath 6 string required
CustomResourceConversion
  strategy 1 ConversionStrategyType required
  webhook 2 WebhookConversion pointer omitempty
CustomResourceDefinition
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 CustomResourceDefinitionSpec required
  status 3 CustomResourceDefinitionStatus omitempty
CustomResourceDefinitionCondition
  type 1 CustomResourceDefinitionConditionType required
  status 2 ConditionStatus required
  lastTransitionTime 3 Time omitempty
  reason 4 string omitempty
  message 5 string omitempty
  observedGeneration 6 int64 omitempty gate=CRDObservedGenerationTracking
CustomResourceDefinitionConditionType = string values=Established,NamesAccepted,NonStructuralSchema,Terminating,KubernetesAPIApprovalPolicyConformant,StorageMigrating
CustomResourceDefinitionList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []CustomResourceDefinition required
CustomResourceDefinitionNames
  plural 1 string required
  singular 2 string omitempty
  shortNames 3 []string omitempty list=atomic
  kind 4 string required
  listKind 5 string omitempty
  categories 6 []string omitempty list=atomic
CustomResourceDefinitionSpec
  group 1 string required
  names 3 CustomResourceDefinitionNames required
  scope 4 ResourceScope required
  versions 7 []CustomResourceDefinitionVersion required list=atomic
  conversion 9 CustomResourceConversion pointer omitempty
  preserveUnknownFields 10 bool omitempty
CustomResourceDefinitionStatus
  conditions 1 []CustomResourceDefinitionCondition list=map keys=type
  acceptedNames 2 CustomResourceDefinitionNames
  storedVersions 3 []string list=atomic
  observedGeneration 4 int64 omitempty gate=CRDObservedGenerationTracking
CustomResourceDefinitionVersion
  name 1 string required
  served 2 bool required
  storage 3 bool required
  deprecated 7 bool omitempty
  deprecationWarning 8 string pointer omitempty
  schema 4 CustomResourceValidation pointer omitempty
  subresources 5 CustomResourceSubresources pointer omitempty
  additionalPrinterColumns 6 []CustomResourceColumnDefinition omitempty list=atomic
  selectableFields 9 []SelectableField omitempty list=atomic gate=CustomResourceFieldSelectors
CustomResourceSubresourceScale
  specReplicasPath 1 string required
  statusReplicasPath 2 string required
  labelSelectorPath 3 string pointer omitempty
CustomResourceSubresourceStatus
CustomResourceSubresources
  status 1 CustomResourceSubresourceStatus pointer omitempty
  scale 2 CustomResourceSubresourceScale pointer omitempty
CustomResourceValidation
  openAPIV3Schema 1 JSONSchemaProps pointer omitempty
ExternalDocumentation
  description 1 string omitempty
  url 2 string omitempty
FieldValueErrorReason = string closed values=FieldValueRequired,FieldValueDuplicate,FieldValueInvalid,FieldValueForbidden
JSON = raw
JSONSchemaDefinitions = {}JSONSchemaProps
JSONSchemaDependencies = {}JSONSchemaPropsOrStringArray
JSONSchemaProps
  id 1 string omitempty
  $schema 2 JSONSchemaURL omitempty
  $ref 3 string pointer omitempty
  description 4 string omitempty
  type 5 string omitempty
  format 6 string omitempty
  title 7 string omitempty
  default 8 JSON pointer omitempty
  maximum 9 float64 pointer omitempty
  exclusiveMaximum 10 bool omitempty
  minimum 11 float64 pointer omitempty
  exclusiveMinimum 12 bool omitempty
  maxLength 13 int64 pointer omitempty
  minLength 14 int64 pointer omitempty
  pattern 15 string omitempty
  maxItems 16 int64 pointer omitempty
  minItems 17 int64 pointer omitempty
  uniqueItems 18 bool omitempty
  multipleOf 19 float64 pointer omitempty
  enum 20 []JSON omitempty list=atomic
  maxProperties 21 int64 pointer omitempty
  minProperties 22 int64 pointer omitempty
  required 23 []string omitempty list=atomic
  items 24 JSONSchemaPropsOrArray pointer omitempty
  allOf 25 []JSONSchemaProps omitempty list=atomic
  oneOf 26 []JSONSchemaProps omitempty list=atomic
  anyOf 27 []JSONSchemaProps omitempty list=atomic
  not 28 JSONSchemaProps pointer omitempty
  properties 29 {}JSONSchemaProps omitempty
  additionalProperties 30 JSONSchemaPropsOrBool pointer omitempty
  patternProperties 31 {}JSONSchemaProps omitempty
  dependencies 32 JSONSchemaDependencies omitempty
  additionalItems 33 JSONSchemaPropsOrBool pointer omitempty
  definitions 34 JSONSchemaDefinitions omitempty
  externalDocs 35 ExternalDocumentation pointer omitempty
  example 36 JSON pointer omitempty
  nullable 37 bool omitempty
  x-kubernetes-preserve-unknown-fields 38 bool pointer omitempty
  x-kubernetes-embedded-resource 39 bool omitempty
  x-kubernetes-int-or-string 40 bool omitempty
  x-kubernetes-list-map-keys 41 []string omitempty list=atomic
  x-kubernetes-list-type 42 string pointer omitempty
  x-kubernetes-map-type 43 string pointer omitempty
  x-kubernetes-validations 44 ValidationRules omitempty strategy=merge key=rule list=map keys=rule
JSONSchemaPropsOrArray form=object|array
  Schema 1 JSONSchemaProps pointer required
  JSONSchemas 2 []JSONSchemaProps required list=atomic
JSONSchemaPropsOrBool form=object|bool
  Allows 1 bool required
  Schema 2 JSONSchemaProps pointer required
JSONSchemaPropsOrStringArray form=object|[]string
  Schema 1 JSONSchemaProps pointer required
  Property 2 []string required list=atomic
JSONSchemaURL = string
ResourceScope = string values=Cluster,Namespaced
SelectableField
  jsonPath 1 string required
ServiceReference
  namespace 1 string required
  name 2 string required
  path 3 string pointer omitempty
  port 4 int32 pointer omitempty
ValidationRule
  rule 1 string required
  message 2 string omitempty
  messageExpression 3 string omitempty
  reason 4 FieldValueErrorReason pointer omitempty
  fieldPath 5 string omitempty
  optionalOldSelf 6 bool pointer omitempty gate=CRDValidationRatcheting
ValidationRules = []ValidationRule
WebhookClientConfig
  url 3 string pointer omitempty
  service 1 ServiceReference pointer omitempty
  caBundle 2 bytes omitempty
WebhookConversion
  clientConfig 2 WebhookClientConfig pointer omitempty
  conversionReviewVersions 3 []string required list=atomic
`;
