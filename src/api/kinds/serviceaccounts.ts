import { dnsSubdomainProblems } from '../names.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf } from './cells.ts';
import { define } from './define.ts';

/** Identities for pods. Tokens are not issued yet, so the `token` subresource is absent. */
export const serviceAccounts: Resource = define('v1', 'serviceaccounts', {
  cells: (object, nowMillis) => [nameOf(object), ageOf(object, nowMillis)],
  nameProblems: dnsSubdomainProblems,
});
