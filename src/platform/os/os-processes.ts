import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';

import { must } from '../../base/assert.ts';

import { ProcessError } from '../errors.ts';
import type { ChildProcess, ExitStatus, Processes, ProcessSpec, Signal } from '../processes.ts';
import { isProcessAlive, readProcessStat } from './process-stat.ts';
import { messageOf, systemCode } from './system-errors.ts';

/** How long a program's output is awaited after its end: a grandchild may hold the pipe for ever. */
const outputGraceMillis = 500;

/** Child processes of this host, each the leader of a process group. */
export class OsProcesses implements Processes {
  async spawn(spec: ProcessSpec): Promise<ChildProcess> {
    const [program, ...programArguments] = spec.command;
    await requireFolder(spec.workingDirectory, program);
    const child = spawn(program, programArguments, {
      cwd: spec.workingDirectory,
      env: spec.environment,
      // A session and group of its own: a signal to -pid reaches whatever it starts.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (bytes: Buffer) => spec.output('stdout', new Uint8Array(bytes)));
    child.stderr.on('data', (bytes: Buffer) => spec.output('stderr', new Uint8Array(bytes)));
    const exited = exitOf(child);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(spawnError(error, spec)));
    });
    const pid = must(child.pid);
    const startId = (await readProcessStat(pid))?.startId ?? '';
    return {
      pid,
      startId,
      exited,
      signal: (signal) => {
        if (child.exitCode === null && child.signalCode === null) signalGroup(pid, signal);
      },
    };
  }

  isAlive(pid: number, startId: string): Promise<boolean> {
    return isProcessAlive(pid, startId);
  }

  async signal(pid: number, startId: string, signal: Signal): Promise<void> {
    if (await isProcessAlive(pid, startId)) signalGroup(pid, signal);
  }
}

/** Without this a missing folder looks like a missing program: both are ENOENT. */
async function requireFolder(directory: string, program: string): Promise<void> {
  try {
    if ((await stat(directory)).isDirectory()) return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw spawnFailure(error, program);
  }
  throw new ProcessError('ENOENT', `cannot start ${program}: its working folder ${directory} does not exist`);
}

function spawnError(error: unknown, spec: ProcessSpec): ProcessError {
  const [program] = spec.command;
  const path = spec.environment['PATH'] ?? '';
  if (systemCode(error) === 'ENOENT') {
    const where = program.includes('/') ? '' : ` on PATH ${JSON.stringify(path)}`;
    return new ProcessError('ENOENT', `cannot start ${program}: no such program${where}`, { cause: error });
  }
  return spawnFailure(error, program);
}

function spawnFailure(error: unknown, program: string): ProcessError {
  if (systemCode(error) === 'EACCES') {
    return new ProcessError('EACCES', `cannot start ${program}: it is not executable`, { cause: error });
  }
  return new ProcessError('EOTHER', `cannot start ${program}: ${messageOf(error)}`, { cause: error });
}

function exitOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<ExitStatus> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      const grace = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, outputGraceMillis);
      child.once('close', () => clearTimeout(grace));
    });
    child.once('close', (code, signal) => {
      if (signal === null) resolve({ exitCode: code ?? 0 });
      else resolve({ exitCode: 128 + constants.signals[signal], signal });
    });
  });
}

function signalGroup(pid: number, signal: Signal): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the whole group has ended in the meantime.
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
