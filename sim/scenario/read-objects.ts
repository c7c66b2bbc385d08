import { findManifestMistake } from '../../src/api/manifest-check.ts';
import { manifestsIn, parseManifests, type ManifestMistake } from '../../src/api/manifest.ts';
import type { YamlPath } from '../../src/api/yaml-places.ts';
import type { ApiObject, NewObject } from '../../src/api/types.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import { creatableKinds } from './create-objects.ts';

/** Reads a file that a scenario names, by its path relative to the scenario. @throws an Error that says why it cannot, and what to do */
export type ReadFile = (path: string) => string;

/** An item of `objects`: a file, or an object written out. */
export type RawObject = { readonly file: string } | NewObject<ApiObject>;

/** These are there in a cluster from its start. */
const builtinNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Objects in the order in which they are created, each checked as the API server will. The errors are whole sentences
 * with file and line; `folder` is that of the scenario, `place` gives those of a value in the scenario.
 */
export function readObjects(
  items: readonly RawObject[],
  folder: string,
  readFile: ReadFile,
  place: (path: YamlPath) => string,
): { readonly objects: readonly NewObject<ApiObject>[]; readonly mistakes: readonly ObjectMistake[] } {
  const seen = new Set<string>();
  const namespaces = new Set(builtinNamespaces);
  const check = (object: NewObject<ApiObject>): ManifestMistake | undefined =>
    findManifestMistake(object, creatableKinds, 'a scenario') ?? findMisfit(object, seen, namespaces);
  const objects: NewObject<ApiObject>[] = [];
  const mistakes: ObjectMistake[] = [];
  for (const [i, item] of items.entries()) {
    const found =
      'file' in item ? readManifest(item.file, folder, readFile, check) : inline(item, i, check, place);
    if (found.ok) objects.push(...found.value);
    else {
      const isPlaced = !('file' in item) || found.error.startsWith(`${folder}${item.file}:`);
      mistakes.push({
        path: ['objects', i],
        text: isPlaced ? found.error : `${place(['objects', i])}: ${found.error}`,
      });
    }
  }
  return { objects, mistakes };
}

export interface ObjectMistake {
  /** The item of the scenario; the text may name a line of another file. */
  readonly path: YamlPath;
  readonly text: string;
}

type Check = (object: NewObject<ApiObject>) => ManifestMistake | undefined;

function readManifest(
  path: string,
  folder: string,
  readFile: ReadFile,
  check: Check,
): Result<NewObject<ApiObject>[], string> {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    return err((error as Error).message);
  }
  const parsed = parseManifests(text, `${folder}${path}`, check);
  if (!parsed.ok || parsed.value.length > 0) return parsed;
  return err(`${folder}${path} holds no objects; put one Kubernetes object in each of its YAML documents`);
}

function inline(
  item: NewObject<ApiObject>,
  index: number,
  check: Check,
  place: (path: YamlPath) => string,
): Result<NewObject<ApiObject>[], string> {
  const found = manifestsIn(item, place(['objects', index]), ['objects', index]);
  if (!found.ok) return found;
  for (const { object, path } of found.value) {
    const mistake = check(object);
    if (mistake !== undefined) return err(`${place([...path, ...mistake.path])}: ${mistake.sentence}`);
  }
  return ok(found.value.map(({ object }) => object));
}

/** What is wrong with an object beside those before it. Remembers it. */
function findMisfit(
  { kind, metadata }: NewObject<ApiObject>,
  seen: Set<string>,
  namespaces: Set<string>,
): ManifestMistake | undefined {
  const { name } = metadata;
  const namespaced = creatableKinds.some((one) => one.kind === kind && one.namespaced);
  const namespace = namespaced ? (metadata.namespace ?? 'default') : '';
  if (namespaced && !namespaces.has(namespace)) {
    const why = `namespace ${namespace} is not there yet; put a Namespace ${namespace} before it in \`objects\``;
    return { path: ['metadata', 'namespace'], sentence: `${kind} ${name}: ${why}` };
  }
  if (name === undefined) return undefined;
  const key = `${kind} ${namespace}/${name}`;
  if (seen.has(key)) {
    return { path: ['metadata', 'name'], sentence: `${kind} ${name} is there twice; rename or remove one` };
  }
  seen.add(key);
  if (kind === 'Namespace') namespaces.add(name);
  return undefined;
}
