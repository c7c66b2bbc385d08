import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';

/** The Kubernetes version whose kubelet behaviour this is, as a node tells it. */
const kubeletVersion = 'v1.36.0+drydock';

/** What the kubelet tells of the machine it runs on: capacity, and the nodeInfo of the Node's status. */
export function describeMachine(): {
  readonly capacity: { readonly cpu: string; readonly memory: string; readonly pods: string };
  readonly nodeInfo: Readonly<Record<string, string>>;
} {
  return {
    capacity: { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: '110' },
    nodeInfo: {
      operatingSystem: type().toLowerCase(),
      architecture: arch() === 'x64' ? 'amd64' : arch(),
      kernelVersion: release(),
      osImage: osImage(),
      machineID: firstLine('/etc/machine-id'),
      systemUUID: '',
      bootID: firstLine('/proc/sys/kernel/random/boot_id'),
      kubeletVersion,
      kubeProxyVersion: '',
    },
  };
}

function osImage(): string {
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(firstLine('/etc/os-release', Number.POSITIVE_INFINITY));
  return pretty?.[1] ?? type();
}

/** The beginning of a file, or '' where there is none (not every system has it). */
function firstLine(path: string, lines = 1): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, lines).join('\n');
  } catch {
    return '';
  }
}
