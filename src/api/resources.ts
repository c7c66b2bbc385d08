import type { Resource } from './resource.ts';

/** Every kind that is served. */
export const builtinResources: readonly Resource[] = [];

/** The served resource of that place, if any. */
export function findResource(
  resources: readonly Resource[],
  group: string,
  version: string,
  resource: string,
): Resource | undefined {
  return resources.find((one) => one.group === group && one.version === version && one.resource === resource);
}
