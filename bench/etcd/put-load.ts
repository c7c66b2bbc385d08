import { Connection } from './connection.ts';
import { put, putRequest } from './requests.ts';

export const valueBytes = 256;
export const keyCount = 10_000;

/** 256 bytes that no compression would make short. */
export const value: Uint8Array = Uint8Array.from({ length: valueBytes }, (_, i) => (i * 167 + 13) & 0xff);

/** The name of key `i` below a prefix: 8 digits, so all are of one length. */
export function keyOf(prefix: string, i: number): string {
  return `${prefix}${String(i).padStart(8, '0')}`;
}

/** One put for each of `count` keys below `prefix`, framed once and sent many times. */
export function putRequests(prefix: string, count = keyCount): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) => putRequest(keyOf(prefix, i), value));
}

export interface LoadFigures {
  readonly done: number;
  readonly seconds: number;
}

export interface PutLoadOptions {
  readonly port: number;
  readonly requests: readonly Buffer[];
  readonly connections: number;
  readonly inFlight: number;
  /** Either ends the load. */
  readonly seconds?: number;
  readonly count?: number;
}

/**
 * Keeps `connections` × `inFlight` puts under way, each to the next of the keys, because h2load knows one body only. Throws
 * when one is answered with anything but OK.
 */
export async function putLoad(options: PutLoadOptions): Promise<LoadFigures> {
  const { port, requests, inFlight, seconds = Number.POSITIVE_INFINITY } = options;
  const { count = Number.POSITIVE_INFINITY } = options;
  const connections: Connection[] = [];
  for (let i = 0; i < options.connections; i++) connections.push(await Connection.open(port));
  let started = 0;
  let done = 0;
  const began = performance.now();
  const endsAt = began + seconds * 1000;
  try {
    await new Promise<void>((resolve, reject) => {
      const next = (connection: Connection): void => {
        if (started >= count || performance.now() >= endsAt) {
          if (done === started) resolve();
          return;
        }
        connection.call(put, requests[started++ % requests.length]!, {
          onMessage: () => {},
          onEnd: (status, message) => {
            if (status !== 0) reject(new Error(`put: grpc-status ${status}: ${message}`));
            done++;
            next(connection);
          },
        });
      };
      for (let i = 0; i < inFlight; i++) for (const connection of connections) next(connection);
    });
  } finally {
    for (const connection of connections) connection.close();
  }
  return { done, seconds: (performance.now() - began) / 1000 };
}
