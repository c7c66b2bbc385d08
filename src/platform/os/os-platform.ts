/**
 * platform/os/: the real world over Node.js: this host's clocks, files, sockets and processes.
 *
 * Boundary: implements the interfaces of platform/ and nothing else; no drydock logic lives here. With
 * cli/ it is the only place that touches node:*, and nothing above imports it but cli/.
 *
 * Invariants
 *   O1  Callbacks run in a later turn of Node's event loop than the call that asked (P1).
 *   O2  What the system refuses becomes a DiskError, NetworkError or ProcessError whose sentence says
 *       what was tried, on what, and what to do. Anything else that is thrown is a bug.
 *   O3  An identity is set only when this cluster's authority signed the certificate.
 *   O4  Every buffer, body and wait has a named bound.
 *   O5  Closing a listener breaks what it accepted; nothing of it keeps the process alive.
 */

import { noFaultPoints } from '../fault-points.ts';
import type { Logger } from '../logger.ts';
import type { Platform } from '../platform.ts';
import { ConsoleLogger } from './console-logger.ts';
import { OsClock } from './os-clock.ts';
import { OsDisk } from './os-disk.ts';
import { OsHttp } from './os-http.ts';
import { OsLinks } from './os-links.ts';
import { OsProcesses } from './os-processes.ts';
import { OsRandom } from './os-random.ts';
import { OsStreams } from './os-streams.ts';
import type { TlsMaterial } from './tls.ts';

export interface OsPlatformOptions {
  readonly hostname: string;
  /** Default: lines of level `info` and above on standard error. */
  readonly logger?: Logger;
  /** Without it only plain HTTP and byte streams work. */
  readonly tls?: TlsMaterial;
  /** Links without TLS: anybody who reaches the port may speak. */
  readonly plainLinks?: boolean;
}

/**
 * This host as a Platform.
 *
 * @example
 * const platform = createOsPlatform({ hostname: 'server-1', tls: await loadTlsMaterial('pki') });
 * const member = new Member(platform, options);
 */
export function createOsPlatform(options: OsPlatformOptions): Platform {
  return {
    hostname: options.hostname,
    clock: new OsClock(),
    random: new OsRandom(),
    network: {
      http: new OsHttp(options.tls),
      links: new OsLinks(options.plainLinks === true ? 'plain' : options.tls),
      streams: new OsStreams(options.tls),
    },
    disk: new OsDisk(),
    processes: new OsProcesses(),
    logger: options.logger ?? new ConsoleLogger(),
    faults: noFaultPoints,
  };
}
