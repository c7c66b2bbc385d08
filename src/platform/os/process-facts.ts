import { readdirSync, readFileSync } from 'node:fs';

const microsPerSecond = 1e6;
const millisPerSecond = 1000;

/** When this process began, seconds since the Unix epoch. */
const startSeconds = Date.now() / millisPerSecond - process.uptime();

/** What the operating system knows of this process. What only Linux tells is absent elsewhere. */
export function processFacts(): {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly startSeconds: number;
  readonly virtualBytes?: number;
  readonly openFiles?: number;
  readonly filesMax?: number;
} {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / microsPerSecond,
    residentBytes: process.memoryUsage.rss(),
    startSeconds,
    ...linuxFacts(),
  };
}

function linuxFacts(): { virtualBytes?: number; openFiles?: number; filesMax?: number } {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    const pages = /VmSize:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return {
      openFiles: readdirSync('/proc/self/fd').length,
      ...(limit !== undefined && { filesMax: Number(limit) }),
      ...(pages !== undefined && { virtualBytes: Number(pages) * 1024 }),
    };
  } catch {
    return {};
  }
}
