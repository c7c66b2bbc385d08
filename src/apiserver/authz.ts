import { forbidden, unauthorized } from '../api/errors.ts';
import type { ApiError } from '../api/status.ts';
import type { Identity } from '../platform/network.ts';
import { isAnonymous } from './authn.ts';
import type { RequestInfo, ResourceRequest } from './request-info.ts';

/** What anybody may read: what load balancers and installers ask before they have a certificate. */
const openPaths: readonly RegExp[] = [/^\/(healthz|livez|readyz)(\/|$)/, /^\/version\/?$/];

const nodeUserPrefix = 'system:node:';

/** What a kubelet's identity may write, as `RESOURCE[/SUBRESOURCE]`. */
const nodeWrites: ReadonlySet<string> = new Set([
  'nodes',
  'nodes/status',
  'leases',
  'pods',
  'pods/status',
  'events',
]);

/**
 * Whether the request is allowed; undefined if so. Thin: every identity that the cluster's CA vouches for may
 * do everything, except that a node writes only its own node and lease, pods' status, and events. There is
 * no RBAC yet, and a node's reads are not narrowed to its pods.
 */
export function authorize(identity: Identity, info: RequestInfo): ApiError | undefined {
  if (isAnonymous(identity)) {
    return openPaths.some((pattern) => pattern.test(info.path)) ? undefined : unauthorized();
  }
  if (!info.isResource || !identity.user.startsWith(nodeUserPrefix)) return undefined;
  if (isRead(info) || nodeMayWrite(identity.user.slice(nodeUserPrefix.length), info)) return undefined;
  const { resource, group, subresource, namespace } = info;
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return forbidden(
    { group, resource },
    info.name ?? '',
    `User "${identity.user}" cannot ${info.verb} resource "${full}" in API group "${group}" ${where}`,
  );
}

function isRead({ verb }: ResourceRequest): boolean {
  return verb === 'get' || verb === 'list' || verb === 'watch';
}

function nodeMayWrite(node: string, info: ResourceRequest): boolean {
  const { resource, subresource, verb, name, namespace } = info;
  if (!nodeWrites.has(subresource === undefined ? resource : `${resource}/${subresource}`)) return false;
  switch (resource) {
    case 'nodes':
      // A POST names the node in its body; the name is taken or free, so nothing can be stolen by it.
      return verb === 'create' || ((verb === 'update' || verb === 'patch') && name === node);
    case 'leases':
      return (
        namespace === 'kube-node-lease' && (verb === 'create' || name === node) && verb !== 'deletecollection'
      );
    case 'pods':
      return subresource === 'status' ? true : verb === 'delete';
    default:
      return verb !== 'delete' && verb !== 'deletecollection';
  }
}
