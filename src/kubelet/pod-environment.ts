import { compareStrings } from '../base/order.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { ConfigMap, Container, EnvVar, Pod, Service } from '../api/types.ts';

/** What a container's environment may refer to. */
export interface EnvironmentSource {
  readonly pod: Pod;
  readonly podIP: string;
  readonly hostIP: string;
  /** By name, of the pod's namespace; absent where there is none. */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  /** Variables of services, which the container's own ones override. */
  readonly services: Readonly<Record<string, string>>;
}

/** ConfigMaps that the container's environment names, in order. */
export function configMapsOf(container: Container): string[] {
  const names = new Set<string>();
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.configMapKeyRef !== undefined) names.add(valueFrom.configMapKeyRef.name);
  }
  return [...names].toSorted(compareStrings);
}

/** The container's environment, or the message of its CreateContainerConfigError. */
export function resolveEnvironment(
  container: Container,
  source: EnvironmentSource,
): Result<Readonly<Record<string, string>>, string> {
  const environment: Record<string, string> = { ...source.services };
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, source, environment);
    if (!value.ok) return value;
    if (value.value !== undefined) environment[variable.name] = value.value;
  }
  return ok(environment);
}

function valueOf(
  variable: EnvVar,
  source: EnvironmentSource,
  environment: Readonly<Record<string, string>>,
): Result<string | undefined, string> {
  const { value, valueFrom } = variable;
  if (valueFrom === undefined) return ok(expandVariables(value ?? '', environment));
  if (valueFrom.fieldRef !== undefined) return fieldOf(valueFrom.fieldRef.fieldPath, source);
  if (valueFrom.configMapKeyRef !== undefined) {
    const { name, key, optional } = valueFrom.configMapKeyRef;
    const found = source.configMaps.get(name)?.data?.[key];
    if (found !== undefined || optional === true) return ok(found);
    if (!source.configMaps.has(name)) return err(`configmap "${name}" not found`);
    return err(`couldn't find key ${key} in ConfigMap ${source.pod.metadata.namespace ?? ''}/${name}`);
  }
  return err(`environment variable ${variable.name} has a source that this kubelet does not support`);
}

function fieldOf(path: string, { pod, podIP, hostIP }: EnvironmentSource): Result<string, string> {
  const entry = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (entry !== null) {
    const entries = entry[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return ok(entries?.[entry[2]!] ?? '');
  }
  switch (path) {
    case 'metadata.name':
      return ok(pod.metadata.name);
    case 'metadata.namespace':
      return ok(pod.metadata.namespace ?? '');
    case 'metadata.uid':
      return ok(pod.metadata.uid);
    case 'spec.nodeName':
      return ok(pod.spec.nodeName ?? '');
    case 'status.podIP':
    case 'status.podIPs':
      return ok(podIP);
    case 'status.hostIP':
    case 'status.hostIPs':
      return ok(hostIP);
    default:
      return err(`unsupported fieldPath: ${path}`);
  }
}

/** Replaces `$(NAME)` where NAME is known; `$$(NAME)` stays as `$(NAME)`; anything else stays as it is. */
export function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$';
    return name !== undefined && Object.hasOwn(environment, name) ? environment[name]! : whole;
  });
}

/**
 * `HELLO_SERVICE_HOST`, `HELLO_SERVICE_PORT` and `HELLO_SERVICE_PORT_<NAME>` of each service that has an
 * address: those of the pod's namespace unless it declines them (enableServiceLinks), and the API's own
 * (`default/kubernetes`) always.
 */
export function serviceEnvironment(
  pod: Pod,
  services: readonly Service[],
  serviceAddress: (clusterIP: string) => string,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const service of services) {
    const { name, namespace } = service.metadata;
    const { clusterIP, ports } = service.spec;
    const isApi = namespace === 'default' && name === 'kubernetes';
    const linked = namespace === pod.metadata.namespace && pod.spec.enableServiceLinks !== false;
    const first = ports?.[0];
    if (!(isApi || linked) || first === undefined) continue;
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue;
    const prefix = `${environmentName(name)}_SERVICE`;
    environment[`${prefix}_HOST`] = serviceAddress(clusterIP);
    environment[`${prefix}_PORT`] = String(first.port);
    for (const port of ports ?? []) {
      if (port.name !== undefined && port.name !== '') {
        environment[`${prefix}_PORT_${environmentName(port.name)}`] = String(port.port);
      }
    }
  }
  return environment;
}

function environmentName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
