/** The types of certificates.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
CertificateSigningRequest
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  spec 2 CertificateSigningRequestSpec required
  status 3 CertificateSigningRequestStatus omitempty
CertificateSigningRequestCondition
  type 1 RequestConditionType required
  status 6 v1.ConditionStatus required
  reason 2 string omitempty
  message 3 string omitempty
  lastUpdateTime 4 Time omitempty
  lastTransitionTime 5 Time omitempty
CertificateSigningRequestList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []CertificateSigningRequest required
CertificateSigningRequestSpec
  request 1 bytes required
  signerName 7 string required
  expirationSeconds 8 int32 pointer omitempty
  usages 5 []KeyUsage omitempty list=atomic
  username 2 string omitempty
  uid 3 string omitempty
  groups 4 []string omitempty list=atomic
  extra 6 {}ExtraValue omitempty
CertificateSigningRequestStatus
  conditions 1 []CertificateSigningRequestCondition omitempty list=map keys=type @customUnique @item(type:Approved)=zeroOrOneOfMember @item(type:Denied)=zeroOrOneOfMember
  certificate 2 bytes omitempty
ExtraValue = []string wrapped
KeyUsage = string closed values=signing,digital signature,content commitment,key encipherment,key agreement,data encipherment,cert sign,crl sign,encipher only,decipher only,any,server auth,client auth,code signing,email protection,s/mime,ipsec end system,ipsec tunnel,ipsec user,timestamping,ocsp signing,microsoft sgc,netscape sgc
RequestConditionType = string values=Approved,Denied,Failed
`;
