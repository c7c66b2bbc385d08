import type { Clock } from '../../src/platform/clock.ts';
import type { Disk } from '../../src/platform/disk.ts';
import type { TlsMaterial } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Processes } from '../../src/platform/processes.ts';
import type { Random } from '../../src/platform/random.ts';

/**
 * What the compliance suites need of a world, so that the same cases run against real hosts and
 * simulated ones. A case does everything that touches the world inside `run`, and lets time pass only
 * by the world's own clock.
 */
export interface World {
  /**
   * Runs `work` to its end. The real world just calls it; the simulated one turns its event loop until
   * the promise settles, and rejects when nothing is left to do and it has not.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Gives back what the world holds: folders, listeners, children. */
  close(): Promise<void>;
}

export interface ClockWorld extends World {
  readonly clock: Clock;
  readonly random: Random;
}

export interface DiskWorld extends World {
  readonly disk: Disk;
  /** An existing, empty folder for the case. Its name is durable. */
  readonly directory: string;
  /**
   * Where the world can: power is lost at once and comes back. Returns the disk as the next life of
   * the host sees it. What was not synced is lost, as far as this world can lose it.
   */
  readonly powerLoss?: () => Promise<Disk>;
}

/** Two hosts that reach each other, with certificates of one cluster: CN `a` resp. `b`, O `drydock:hosts`. */
export interface NetworkWorld extends World {
  readonly a: Platform;
  readonly b: Platform;
  /** Names or addresses under which the hosts listen and are reached. */
  readonly hostA: string;
  readonly hostB: string;
  /** Of host B; in a world that encrypts nothing, any text. */
  readonly tlsB: TlsMaterial;
}

/** What a test program does, in words that both worlds can turn into a command. */
export type Program =
  /** Writes the texts, then ends with the code. */
  | { readonly does: 'exit'; readonly code: number; readonly stdout?: string; readonly stderr?: string }
  /** Writes `started\n`, then runs until a signal ends it. */
  | { readonly does: 'run' }
  /** As `run`, but SIGTERM does not end it. */
  | { readonly does: 'ignore-sigterm' }
  /** Writes the value of an environment variable and a newline, then ends with 0. */
  | { readonly does: 'print-environment'; readonly variable: string };

export interface ProcessesWorld extends World {
  readonly processes: Processes;
  readonly clock: Clock;
  /** An existing folder to run programs in. */
  readonly directory: string;
  /** The environment programs need to be found. */
  readonly environment: Readonly<Record<string, string>>;
  command(program: Program): readonly [string, ...string[]];
}
