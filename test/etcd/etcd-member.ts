import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { must } from '../../src/base/assert.ts';
import { inlineBcrypt } from '../../src/etcd/auth/inline-bcrypt.ts';
import { EtcdService } from '../../src/etcd/etcd-service.ts';
import type { Member } from '../../src/etcd/member.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { Address } from '../../src/platform/network.ts';
import { LmdbBackends } from '../../src/platform/os/lmdb-backend.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { EtcdProcess, freePorts, type Flavour, type Ports } from '../e2e/etcd-process.ts';

export const quietLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => quietLogger,
};

export const osPlatform = (): Platform =>
  createOsPlatform({ hostname: 'm0', logger: quietLogger, plainLinks: true });

/** A member alone behind a port: one of this checkout's sources, in this process, or a real etcd. */
export interface ServedMember {
  readonly address: Address;
  stop(): Promise<void>;
  /** Again, with the same data at the same port. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

export async function serveMember(flavour: Flavour): Promise<ServedMember> {
  if (flavour === 'drydock') return DrydockMember.start();
  const member = await EtcdProcess.start({ flavour, name: 'm0' });
  return {
    address: { host: '127.0.0.1', port: member.ports.client },
    stop: () => member.stop(),
    start: () => member.start(),
    close: () => member.close(),
  };
}

export class DrydockMember implements ServedMember {
  readonly #ports: Ports;
  readonly #folder = mkdtempSync(join(tmpdir(), 'drydock-client-'));
  #service: EtcdService | undefined;

  static async start(): Promise<DrydockMember> {
    const member = new DrydockMember(await freePorts());
    await member.start();
    return member;
  }

  private constructor(ports: Ports) {
    this.#ports = ports;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: this.#ports.client };
  }

  get member(): Member {
    return must(this.#service).member;
  }

  async start(): Promise<void> {
    this.#service = await EtcdService.start(osPlatform(), {
      member: {
        name: 'm0',
        cluster: {
          token: 'client',
          members: [{ name: 'm0', peerAddress: { host: '127.0.0.1', port: this.#ports.peer } }],
        },
        dataDirectory: this.#folder,
        backends: new LmdbBackends(),
      },
      listenClient: [this.address],
      authToken: 'simple',
      authTokenTtlSeconds: 300,
      bcrypt: inlineBcrypt,
      bcryptCost: 4,
      readFile: () => '',
      txnOpsMax: 128,
      requestBytesMax: 1_572_864,
      progressNotifyMillis: 600_000,
      keepalive: {},
    });
    await this.#service.member.published;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
