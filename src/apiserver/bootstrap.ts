import { isApiError } from '../api/status.ts';
import type { ApiObject } from '../api/types.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { Registry } from './registry.ts';

/** The namespaces every cluster has. */
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const retryMillis = 500;

/**
 * Makes the system namespaces where they are missing, as soon as the store can be written. Any number of
 * servers may do so at once: each name is made by whoever comes first. Resolves true when all are there,
 * false when `signal` aborts first.
 */
export async function bootstrap(
  platform: Platform,
  namespaces: Registry,
  signal: AbortSignal,
): Promise<boolean> {
  const { kind, version } = namespaces.resource;
  const { clock, logger } = platform;
  for (const name of systemNamespaces) {
    const object = { kind, apiVersion: version, metadata: { name } };
    while (!(await createOnce(namespaces, object, platform))) {
      if (signal.aborted || !(await clock.sleep(retryMillis, signal))) return false;
    }
  }
  logger.info('system namespaces are there');
  return true;
}

async function createOnce(
  namespaces: Registry,
  object: Omit<ApiObject, 'metadata'> & { readonly metadata: { readonly name: string } },
  platform: Platform,
): Promise<boolean> {
  try {
    // Not by create alone: an existing one must not cost a write on every start.
    await namespaces.get(undefined, object.metadata.name);
    return true;
  } catch (error) {
    if (!isApiError(error, 'NotFound')) return mayRetry(error, platform);
  }
  try {
    await namespaces.create(object, undefined, { dryRun: false });
    return true;
  } catch (error) {
    return isApiError(error, 'AlreadyExists') || mayRetry(error, platform);
  }
}

/** False, so that the caller tries again, for what the store does; anything else is a bug. */
function mayRetry(error: unknown, platform: Platform): false {
  if (!(error instanceof EtcdError)) throw error;
  platform.logger.warn('system namespaces cannot be made yet', { error: error.message });
  return false;
}
