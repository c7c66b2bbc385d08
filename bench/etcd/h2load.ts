import { readFileSync, writeFileSync } from 'node:fs';

import type { Method } from './connection.ts';
import type { Workplace } from './processes.ts';

export interface H2loadOptions {
  readonly program: string;
  readonly port: number;
  readonly method: Method;
  /** The one request that is sent again and again: h2load knows no other. */
  readonly body: Buffer;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly inFlight: number;
  readonly seconds: number;
  /** Also time every single request. */
  readonly latencies?: boolean;
}

export interface H2loadFigures {
  /** Requests that were answered completely. */
  readonly done: number;
  readonly perSecond: number;
  /** DATA bytes of all responses; those of requests that were cut off at the end are in it. */
  readonly dataBytes: number;
  /** Milliseconds; empty unless asked for. */
  readonly latencies: readonly number[];
}

/** Runs h2load, one thread, and reads its figures. Throws when a request failed or was answered with another HTTP status than 200. */
export async function h2load(workplace: Workplace, options: H2loadOptions): Promise<H2loadFigures> {
  const bodyFile = workplace.file('h2load-body');
  const logFile = workplace.file('h2load-log');
  writeFileSync(bodyFile, options.body);
  const args = ['-t', '1', '-c', String(options.connections), '-m', String(options.inFlight)];
  args.push('-D', String(options.seconds), '-d', bodyFile);
  args.push('-H', 'content-type: application/grpc', '-H', 'te: trailers');
  if (options.latencies === true) args.push('--log-file', logFile);
  args.push(`http://127.0.0.1:${options.port}${options.method.path}`);
  const output = await workplace.run(options.program, args);
  const number = (pattern: RegExp): number => {
    const found = pattern.exec(output)?.[1];
    if (found === undefined) throw new Error(`h2load's output has no ${pattern}:\n${output}`);
    return Number(found);
  };
  const done = number(/requests: .* (\d+) succeeded/);
  if (
    done === 0 ||
    number(/ (\d+) failed/) !== 0 ||
    number(/ (\d+) errored/) !== 0 ||
    number(/status codes: (\d+) 2xx/) < done
  ) {
    throw new Error(`h2load's requests failed:\n${output}`);
  }
  return {
    done,
    perSecond: number(/finished in .*, ([\d.]+) req\/s/),
    dataBytes: number(/\((\d+)\) data/),
    latencies: options.latencies === true ? readLatencies(logFile) : [],
  };
}

/** Tab-separated: start, HTTP status, microseconds until the end of the response. */
function readLatencies(file: string): number[] {
  const millis: number[] = [];
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [, status, micros] = line.split('\t');
    if (status === '200') millis.push(Number(micros) / 1000);
  }
  return millis;
}
