import type { Link, LinkEvents } from '../platform/links.ts';
import type { EtcdClient, Event, Watch } from './client.ts';
import { EtcdError } from './errors.ts';
import { callMethods, type CallMethod, type ClientMessage, type ServerMessage } from './link-protocol.ts';

function plain({ type, kv, prevKv }: Event): Event {
  return prevKv === undefined ? { type, kv } : { type, kv, prevKv };
}

/** Serves `client` to whoever is at the other end of `link`. The link's events go to the returned receiver. */
export function serveEtcdLink(client: EtcdClient, link: Link): LinkEvents {
  const watches = new Map<number, Watch>();
  const send = (message: ServerMessage): void => link.send(message);

  async function call(id: number, method: CallMethod, args: readonly unknown[]): Promise<void> {
    const run = client[method].bind(client) as (...rest: readonly unknown[]) => Promise<unknown>;
    try {
      send({ type: 'result', id, value: (await run(...args)) ?? null });
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      send({ type: 'error', id, code: error.code, message: error.message });
    }
  }

  return {
    message(raw) {
      const message = raw as ClientMessage;
      switch (message.type) {
        case 'call':
          if (callMethods.includes(message.method)) void call(message.id, message.method, message.arguments);
          return;
        case 'watch': {
          const { id } = message;
          watches.set(
            id,
            client.watch(message.request, {
              created: (revision) => send({ type: 'watch-created', id, revision }),
              // A store's event has getters, which do not travel.
              events: (events, revision) =>
                send({ type: 'watch-events', id, events: events.map(plain), revision }),
              progress: (revision) => send({ type: 'watch-progress', id, revision }),
              closed: (end) => {
                watches.delete(id);
                send({ type: 'watch-closed', id, ...end });
              },
            }),
          );
          return;
        }
        case 'watch-progress':
          watches.get(message.id)?.requestProgress();
          return;
        case 'watch-pause':
          watches.get(message.id)?.pause();
          return;
        case 'watch-resume':
          watches.get(message.id)?.resume();
          return;
        case 'watch-cancel':
          watches.get(message.id)?.cancel();
          watches.delete(message.id);
          return;
      }
    },
    closed() {
      for (const watch of watches.values()) watch.cancel();
      watches.clear();
    },
  };
}
