import type { HttpServerRequest } from '../platform/http.ts';
import type { Identity } from '../platform/network.ts';

const anonymous: Identity = { user: 'system:anonymous', groups: ['system:unauthenticated'] };
/** Who asks where nobody has to say: the old insecure port's user. */
const unsecured: Identity = { user: 'system:unsecured', groups: ['system:masters'] };

/** Who asks: the subject of the client certificate (CN and O). */
export function authenticate(request: HttpServerRequest, tls: 'mutual' | 'none'): Identity {
  const { identity } = request;
  if (identity === undefined) return tls === 'none' ? unsecured : anonymous;
  return { user: identity.user, groups: [...identity.groups, 'system:authenticated'] };
}

export function isAnonymous(identity: Identity): boolean {
  return identity.user === anonymous.user;
}
