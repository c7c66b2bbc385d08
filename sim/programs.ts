import { encodeUtf8 } from '../src/base/bytes.ts';
import type { Platform } from '../src/platform/platform.ts';
import type { Signal } from '../src/platform/processes.ts';

/** A simulated program: what a command of this name does. Its promise is its exit code. */
export type Program = (self: ProgramProcess) => number | Promise<number>;

/** A running program's view of its world. */
export interface ProgramProcess {
  /** The program's name, then its arguments. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The host's, in a life of the program's own: its listeners and connections end with it. */
  readonly platform: Platform;
  write(stream: 'stdout' | 'stderr', text: string): void;
  /** Runs on this signal instead of ending the program. SIGKILL cannot be caught. */
  onSignal(signal: Exclude<Signal, 'SIGKILL'>, handle: () => void): void;
}

/** The programs of a new world, by name. Anything else is ENOENT. */
export function defaultPrograms(): Map<string, Program> {
  return new Map<string, Program>([
    ['true', () => 0],
    ['false', () => 1],
    ['sleep', sleep],
    ['pause', () => new Promise(() => {})],
    ['echo', echo],
  ]);
}

async function sleep(self: ProgramProcess): Promise<number> {
  const seconds = Number(self.arguments[1]);
  if (!(seconds >= 0)) {
    self.write('stderr', `sleep: invalid time interval '${self.arguments[1] ?? ''}'\n`);
    return 1;
  }
  await self.platform.clock.sleep(seconds * 1000);
  return 0;
}

function echo(self: ProgramProcess): number {
  self.write('stdout', `${self.arguments.slice(1).join(' ')}\n`);
  return 0;
}

/**
 * An HTTP server that answers every request with `text`, on the port of its environment variable PORT or 8080:
 * what most pods of a scenario run.
 */
export function helloServer(
  text: (hostname: string) => string = (hostname) => `hello from ${hostname}\n`,
): Program {
  return async (self) => {
    const port = Number(self.environment['PORT'] ?? '8080');
    const hostname = self.environment['HOSTNAME'] ?? self.platform.hostname;
    await self.platform.network.http.serve(
      { host: self.environment['POD_IP'] ?? '0.0.0.0', port },
      () =>
        Promise.resolve({
          status: 200,
          headers: { 'content-type': 'text/plain' },
          body: encodeUtf8(text(hostname)),
        }),
      { tls: 'none' },
    );
    self.write('stdout', `listening on ${port}\n`);
    return new Promise((resolve) => self.onSignal('SIGTERM', () => resolve(0)));
  };
}
