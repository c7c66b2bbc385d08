import { Connection } from './connection.ts';
import { putLoad, putRequests } from './put-load.ts';
import { watch, watchFigures, watchPrefixRequest } from './requests.ts';

export interface WatchLoadOptions {
  readonly port: number;
  readonly prefix: string;
  readonly streams: number;
  readonly watchersPerStream: number;
  readonly puts: number;
  /** The puts are under way over 8 connections. */
  readonly putsInFlight: number;
}

export interface WatchLoadFigures {
  readonly events: number;
  /** From the first put until the last watcher had the last event. */
  readonly seconds: number;
}

const keys = 1_000;
const waitMillisMax = 60_000;

/** Watches one prefix with many watchers while puts to it are made as fast as they are answered. Every event must arrive. */
export async function watchLoad(options: WatchLoadOptions): Promise<WatchLoadFigures> {
  const { port, prefix, streams, watchersPerStream, puts } = options;
  const watchers = streams * watchersPerStream;
  const expected = watchers * puts;
  const connections: Connection[] = [];
  let created = 0;
  let events = 0;
  let onCreated = (): void => {};
  let onAll = (): void => {};
  const allCreated = new Promise<void>((resolve) => (onCreated = resolve));
  const all = new Promise<void>((resolve) => (onAll = resolve));
  try {
    const ended = new Promise<never>((_, reject) => {
      const late = (): void => reject(new Error(`${events} of ${expected} events after a minute`));
      setTimeout(late, waitMillisMax).unref();
      const begin = async (): Promise<void> => {
        for (let i = 0; i < streams; i++) {
          const connection = await Connection.open(port);
          connections.push(connection);
          const call = {
            onMessage: (bytes: Buffer, start: number, end: number): void => {
              const figures = watchFigures(bytes, start, end);
              if (figures.created && ++created === watchers) onCreated();
              events += figures.events;
              if (events === expected) onAll();
            },
            onEnd: (status: number, message: string): void =>
              reject(new Error(`watch: grpc-status ${status}: ${message}`)),
          };
          const stream = connection.call(watch, watchPrefixRequest(prefix), call, false);
          for (let j = 1; j < watchersPerStream; j++) {
            connection.sendMore(stream, watchPrefixRequest(prefix));
          }
        }
      };
      begin().catch(reject);
    });
    ended.catch(() => {});
    await Promise.race([allCreated, ended]);
    const began = performance.now();
    const requests = putRequests(prefix, keys);
    const load = putLoad({
      port,
      requests,
      connections: 8,
      inFlight: options.putsInFlight / 8,
      count: puts,
    });
    await Promise.race([Promise.all([load, all]), ended]);
    return { events, seconds: (performance.now() - began) / 1000 };
  } finally {
    for (const connection of connections) connection.close();
  }
}
