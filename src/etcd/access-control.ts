import { encodeUtf8 } from '../base/bytes.ts';
import type { HttpHandler, HttpResponse } from '../platform/http.ts';

export interface AccessOptions {
  /** Origins whose pages may ask; `*` among them: all. */
  readonly origins: ReadonlySet<string>;
  /** Host names by which this member may be asked without TLS; `*` among them: any. */
  readonly hosts: ReadonlySet<string>;
}

/** As etcd's defaults: everybody, by any name. */
export const openAccess: AccessOptions = { origins: new Set(['*']), hosts: new Set(['*']) };

/** Whom browsers let ask: origins are told (CORS), and a name that an attacker's DNS gave us is refused (CVE-2018-5702). */
export function controlAccess(
  handle: HttpHandler,
  { origins, hosts }: AccessOptions,
  secure: boolean,
): HttpHandler {
  return async (request) => {
    const host = hostname(request.headers['host'] ?? request.headers[':authority'] ?? '');
    if (!secure && !hosts.has('*') && !hosts.has(host)) return misdirected(host);
    const { origin } = request.headers;
    const allowed = origins.has('*') ? '*' : origin !== undefined && origins.has(origin) ? origin : undefined;
    const headers: Record<string, string> =
      allowed === undefined
        ? {}
        : {
            'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
            'access-control-allow-origin': allowed,
            'access-control-allow-headers': 'accept, content-type, authorization',
          };
    if (request.method === 'OPTIONS') return { status: 200, headers, body: new Uint8Array() };
    const response = await handle(request);
    return { ...response, headers: { ...response.headers, ...headers } };
  };
}

/** Without its port. */
function hostname(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function misdirected(host: string): HttpResponse {
  return {
    status: 421,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: encodeUtf8(`
etcd received your request, but the Host header was unrecognized.

To fix this, choose one of the following options:
- Enable TLS, then any HTTPS request will be allowed.
- Add the hostname you want to use to the whitelist in settings.
  - e.g. etcd --host-whitelist ${JSON.stringify(host)}

This requirement has been added to help prevent "DNS Rebinding" attacks (CVE-2018-5702).

`),
  };
}
