import { ConsoleLogger } from '../platform/os/console-logger.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import { DiskError } from '../platform/errors.ts';
import type { DiskLock } from '../platform/disk.ts';
import type { Platform } from '../platform/platform.ts';
import { loadCertificate } from './certificates.ts';
import { CliError } from './cli-error.ts';

/** The Platform of one drydock process: its name, its certificate, its log on standard error. */
export async function createComponentPlatform(hostname: string, pkiDirectory: string): Promise<Platform> {
  const tls = await loadCertificate(hostname, pkiDirectory);
  return createOsPlatform({ hostname, tls, logger: new ConsoleLogger() });
}

/** The data directory belongs to another process that lives. */
export class DirectoryInUseError extends CliError {}

/** Keeps a second process off a data directory while `run` uses it. @throws DirectoryInUseError when one is there already */
export async function withDirectoryLocked<T>(
  platform: Platform,
  directory: string,
  run: () => Promise<T>,
): Promise<T> {
  let lock: DiskLock;
  try {
    lock = await platform.disk.lock(directory);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'ELOCKED') throw error;
    throw new DirectoryInUseError(error.message, { cause: error });
  }
  try {
    return await run();
  } finally {
    await lock.release();
  }
}

/** One Ctrl-C may arrive twice: from the terminal, and passed on by npm. */
const sameSignalMillis = 1000;

/**
 * Runs a component until SIGINT, SIGTERM or the end of its terminal; `run` ends when its signal aborts. Asked again,
 * the process ends at once.
 */
export async function runUntilSignal(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let askedAt = 0;
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      if (performance.now() - askedAt > sameSignalMillis) process.exit(130);
      return;
    }
    askedAt = performance.now();
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  try {
    await run(stop.signal);
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
