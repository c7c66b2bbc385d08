/** The types of runtime. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
TypeMeta
  apiVersion 1 string omitempty
  kind 2 string omitempty
Unknown
  @inline 1 TypeMeta
  Raw 2 bytes required
  ContentEncoding 3 string required
  ContentType 4 string required
`;
