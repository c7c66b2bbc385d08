import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { ApiClient } from '../../src/client/api-client.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import { loadTlsMaterial } from '../../src/platform/os/tls.ts';

const root = resolve(import.meta.dirname, '../..');
export const drydock = join(root, 'dist/src/cli/drydock.js');

/** What `drydock up --json` prints. */
export interface Summary {
  readonly apiUrl: string;
  readonly kubeconfig: string;
  readonly clusterReadyMillis: number;
  readonly verifiedMillis: number;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  readonly pods: readonly { readonly name: string; readonly node: string; readonly ip: string }[];
}

/** A real `drydock up` of this checkout's build, in a folder and on ports of its own. */
export class LiveCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'drydock-e2e-'));
  readonly dataDirectory = join(this.directory, 'data');
  readonly #basePort: number;
  readonly #flags: readonly string[];
  #up: ChildProcess | undefined;
  #output = '';

  /** Two clusters at once need ports (30 of them) and loopback blocks (32 of them) of their own. */
  constructor({ basePort = 17_440, loopbackBlock = 160 } = {}) {
    this.#basePort = basePort;
    const place = ['--base-port', String(basePort), '--loopback-block', String(loopbackBlock)];
    this.#flags = ['--data-dir', this.dataDirectory, ...place];
  }

  /** Starts it and resolves with its summary. @throws with what it printed when it ends instead */
  async start(): Promise<Summary> {
    const up = spawn(process.execPath, [drydock, 'up', '--json', ...this.#flags], { cwd: this.directory });
    this.#up = up;
    let json = '';
    this.#output = '';
    up.stderr.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    return new Promise((resolve_, reject) => {
      up.stdout.on('data', (chunk: Buffer) => {
        json += chunk.toString();
        if (json.trimEnd().endsWith('\n}')) resolve_(JSON.parse(json) as Summary);
      });
      up.once('exit', (code) => reject(new Error(`up ended with ${code}:\n${this.#output}`)));
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Ctrl-C. Resolves with the exit code. */
  async interrupt(): Promise<number | null> {
    const up = this.#up;
    if (up === undefined || up.exitCode !== null) return up?.exitCode ?? null;
    const exited = new Promise<number | null>((resolve_) => up.once('exit', resolve_));
    up.kill('SIGINT');
    return exited;
  }

  async client(): Promise<ApiClient> {
    const tls = await loadTlsMaterial(join(this.dataDirectory, 'pki/admin'));
    const platform = createOsPlatform({ hostname: 'e2e', tls });
    const servers = [0, 1, 2].map((i) => ({ host: '127.0.0.1', port: this.#basePort + i }));
    return createApiClient(platform, {
      servers,
      tls: 'mutual',
      userAgent: 'e2e',
      requestTimeoutMillis: 2000,
    });
  }

  /** Runs a drydock command; resolves with its exit code and what it printed. */
  run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return runCommand(process.execPath, [drydock, ...args], this.directory);
  }

  /** Starts a drydock process that goes on, as a person would in another terminal. */
  background(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [drydock, ...args], { cwd: this.directory, stdio: 'ignore' });
  }

  /** Processes whose command line or environment names this cluster's folder: none may remain at the end. */
  remainingProcesses(): readonly string[] {
    return (
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .filter((pid) =>
          [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => mentions(file, this.directory)),
        )
        .map((pid) => `${pid} ${readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`.trim())
        // One without a command line has ended and only waits to be collected.
        .filter((line) => line.includes(' '))
    );
  }

  async close(): Promise<void> {
    await this.interrupt();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs a command to its end. */
export function runCommand(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve_, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: '1' } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve_({ code, stdout, stderr }));
  });
}

/** Polls until `reached` says true; resolves with the milliseconds it took. */
export async function eventually(
  what: string,
  millisMax: number,
  reached: () => Promise<boolean> | boolean,
): Promise<number> {
  const startedAt = performance.now();
  let latest = '';
  while (performance.now() - startedAt < millisMax) {
    try {
      if (await reached()) return performance.now() - startedAt;
    } catch (error) {
      latest = String(error);
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(`${what}: not within ${millisMax} ms. ${latest}`);
}

/** Where kubectl is, if anywhere: $KUBECTL, the PATH, or where .ci/fetch-kubectl puts it. */
export function findKubectl(): string | undefined {
  const named = process.env['KUBECTL'];
  if (named !== undefined) return named;
  const folders = [...(process.env['PATH'] ?? '').split(':'), join(root, 'node_modules/.cache/drydock')];
  return folders.map((folder) => join(folder, 'kubectl')).find((path) => existsSync(path));
}

function mentions(file: string, text: string): boolean {
  return readIfThere(file).includes(text);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
