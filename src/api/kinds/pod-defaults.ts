import { isMap, listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';

/** What Kubernetes documents as defaults for pods and pod templates (pkg/apis/core/v1 `SetDefaults_*`). */

const terminationGracePeriodSecondsDefault = 30;
const fileModeDefault = 0o644;

/** A pod's spec: a template's, and what only pods themselves get. */
export function defaultPodSpec(spec: JsonMap): JsonMap {
  const result = defaultTemplateSpec({ enableServiceLinks: true, ...spec });
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    if (result[list] === undefined) continue;
    result[list] = listOf(result[list]).map((container) => requestWhatIsLimited(mapOf(container)));
  }
  return result;
}

/** The spec of a pod template. */
export function defaultTemplateSpec(spec: JsonMap): Record<string, unknown> {
  const hostNetwork = spec['hostNetwork'] === true;
  const grace = spec['terminationGracePeriodSeconds'];
  const result: Record<string, unknown> = {
    ...spec,
    restartPolicy: filled(spec['restartPolicy'], 'Always'),
    // A negative period is taken as the shortest one (it once meant something else).
    terminationGracePeriodSeconds:
      grace === undefined ? terminationGracePeriodSecondsDefault : Number(grace) < 0 ? 1 : grace,
    dnsPolicy: filled(spec['dnsPolicy'], 'ClusterFirst'),
    securityContext: spec['securityContext'] ?? {},
    schedulerName: filled(spec['schedulerName'], 'default-scheduler'),
  };
  // The deprecated name of the field and the field follow each other.
  const account = filled(spec['serviceAccountName'], textOf(spec['serviceAccount']));
  if (account !== '') Object.assign(result, { serviceAccountName: account, serviceAccount: account });
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    if (spec[list] === undefined) continue;
    result[list] = listOf(spec[list]).map((container) => defaultContainer(mapOf(container), hostNetwork));
  }
  if (spec['volumes'] !== undefined)
    result['volumes'] = listOf(spec['volumes']).map((one) => defaultVolume(mapOf(one)));
  return result;
}

function filled(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function defaultContainer(container: JsonMap, hostNetwork: boolean): JsonMap {
  const result: Record<string, unknown> = {
    ...container,
    terminationMessagePath: filled(container['terminationMessagePath'], '/dev/termination-log'),
    terminationMessagePolicy: filled(container['terminationMessagePolicy'], 'File'),
    imagePullPolicy: filled(container['imagePullPolicy'], pullPolicyOf(textOf(container['image']))),
  };
  if (container['ports'] !== undefined) {
    result['ports'] = listOf(container['ports']).map((item) => {
      const port = mapOf(item);
      const hostPort = hostNetwork && !port['hostPort'] ? { hostPort: port['containerPort'] } : {};
      return { ...port, ...hostPort, protocol: filled(port['protocol'], 'TCP') };
    });
  }
  if (container['env'] !== undefined)
    result['env'] = listOf(container['env']).map((one) => defaultEnv(mapOf(one)));
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isMap(container[probe])) result[probe] = defaultProbe(container[probe]);
  }
  if (isMap(container['lifecycle'])) {
    const hooks: Record<string, unknown> = { ...container['lifecycle'] };
    for (const hook of ['postStart', 'preStop']) {
      if (isMap(hooks[hook])) hooks[hook] = defaultHandler(hooks[hook]);
    }
    result['lifecycle'] = hooks;
  }
  return result;
}

/** Images without a tag, or tagged latest, may have changed: they are pulled every time. */
function pullPolicyOf(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const afterSlash = image.slice(image.lastIndexOf('/') + 1);
  const tag = afterSlash.includes(':') ? afterSlash.slice(afterSlash.lastIndexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultEnv(variable: JsonMap): JsonMap {
  const valueFrom = mapOf(variable['valueFrom']);
  if (!isMap(valueFrom['fieldRef'])) return variable;
  return { ...variable, valueFrom: { ...valueFrom, fieldRef: withApiVersion(valueFrom['fieldRef']) } };
}

function withApiVersion(fieldRef: JsonMap): JsonMap {
  return { ...fieldRef, apiVersion: filled(fieldRef['apiVersion'], 'v1') };
}

function defaultProbe(probe: JsonMap): JsonMap {
  const result: Record<string, unknown> = { ...defaultHandler(probe) };
  const defaults = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  for (const [field, value] of Object.entries(defaults)) if (!result[field]) result[field] = value;
  if (isMap(result['grpc'])) result['grpc'] = { service: '', ...result['grpc'] };
  return result;
}

function defaultHandler(handler: JsonMap): JsonMap {
  if (!isMap(handler['httpGet'])) return handler;
  const get = handler['httpGet'];
  return {
    ...handler,
    httpGet: { ...get, path: filled(get['path'], '/'), scheme: filled(get['scheme'], 'HTTP') },
  };
}

/** Limits without requests request what they limit. */
function requestWhatIsLimited(container: JsonMap): JsonMap {
  const resources = mapOf(container['resources']);
  const limits = mapOf(resources['limits']);
  if (Object.keys(limits).length === 0) return container;
  return {
    ...container,
    resources: { ...resources, requests: { ...limits, ...mapOf(resources['requests']) } },
  };
}

function defaultVolume(volume: JsonMap): JsonMap {
  const result: Record<string, unknown> = { ...volume };
  if (Object.keys(volume).every((key) => key === 'name')) return { ...result, emptyDir: {} };
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    if (isMap(volume[source]))
      result[source] = defaultSource({ defaultMode: fileModeDefault, ...volume[source] });
  }
  if (isMap(volume['hostPath'])) result['hostPath'] = { type: '', ...volume['hostPath'] };
  return result;
}

/** Sources that project fields of the pod name the version those fields are read in. */
function defaultSource(source: JsonMap): JsonMap {
  const result: Record<string, unknown> = { ...source };
  result['items'] =
    source['items'] &&
    listOf(source['items']).map((item) => {
      const file = mapOf(item);
      return isMap(file['fieldRef']) ? { ...file, fieldRef: withApiVersion(file['fieldRef']) } : file;
    });
  if (source['items'] === undefined) delete result['items'];
  if (source['sources'] !== undefined) {
    result['sources'] = listOf(source['sources']).map((item) => {
      const one: Record<string, unknown> = { ...mapOf(item) };
      if (isMap(one['downwardAPI'])) one['downwardAPI'] = defaultSource(one['downwardAPI']);
      if (isMap(one['serviceAccountToken'])) {
        one['serviceAccountToken'] = { expirationSeconds: 3600, ...one['serviceAccountToken'] };
      }
      return one;
    });
  }
  return result;
}
