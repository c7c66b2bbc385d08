/**
 * The three functions of the reflect-metadata proposal that the dependency container inside
 * @peculiar/x509 asks for when it is loaded. Import this file before that package.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

function get(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function define(key: unknown, value: unknown, target: object): void {
  const ofTarget = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, ofTarget.set(key, value));
}

// Another package may have brought the whole of it.
if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: get, getOwnMetadata: get, defineMetadata: define });
}
