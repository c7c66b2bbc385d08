import { readFile } from 'node:fs/promises';

/** What identifies a running process: `startId` is its start time in clock ticks since boot. */
export interface ProcessStat {
  readonly startId: string;
  /** `R` running, `S` sleeping, `Z` ended and not yet reaped, … (proc(5)). */
  readonly state: string;
}

/** Reads /proc/PID/stat; undefined when there is no such process, or no /proc at all. */
export async function readProcessStat(pid: number): Promise<ProcessStat | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // Field 2, the program's name in parentheses, may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startId: fields[19] ?? '' };
}

/** Whether the process that had this `startId` still runs. An empty `startId` compares the pid alone. */
export async function isProcessAlive(pid: number, startId: string): Promise<boolean> {
  const stat = await readProcessStat(pid);
  if (stat !== undefined) {
    const ended = stat.state === 'Z' || stat.state === 'X';
    return !ended && (startId === '' || stat.startId === startId);
  }
  if (startId !== '') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
