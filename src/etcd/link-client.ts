import { deferred, type Deferred } from '../base/deferred.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { Link, LinkEvents, Links } from '../platform/links.ts';
import type { Address } from '../platform/network.ts';
import type { EtcdClient, MemberStatus, Watch, WatchEvents, WatchRequest } from './client.ts';
import { EtcdError, tooManyRequestsError } from './errors.ts';
import type { CallMethod, ClientMessage, ServerMessage } from './link-protocol.ts';

/** Most calls without an answer; one more is refused. */
const callsMax = 10_000;

/**
 * An EtcdClient whose member is at the other end of a link.
 *
 * `connect` is called once with the receiver for the link's events and returns the link. When the link breaks,
 * calls in flight fail as `unavailable` (their outcome is unknown) and watches end; the client is of no
 * more use then, and `closed` resolves.
 */
export class LinkEtcdClient implements EtcdClient {
  readonly #link: Link;
  readonly #calls = new Map<number, Deferred<unknown>>();
  readonly #watches = new Map<number, WatchEvents>();
  readonly #closed = deferred<string>();
  #broken: string | undefined;
  #nextId = 1;

  constructor(connect: (events: LinkEvents) => Link) {
    this.#link = connect({
      message: (message) => this.#receive(message as ServerMessage),
      closed: (reason) => this.#close(reason),
    });
  }

  /** Resolves with the reason when the link has ended. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  range(request: Parameters<EtcdClient['range']>[0]): ReturnType<EtcdClient['range']> {
    return this.#call('range', request);
  }

  put(request: Parameters<EtcdClient['put']>[0]): ReturnType<EtcdClient['put']> {
    return this.#call('put', request);
  }

  deleteRange(request: Parameters<EtcdClient['deleteRange']>[0]): ReturnType<EtcdClient['deleteRange']> {
    return this.#call('deleteRange', request);
  }

  txn(request: Parameters<EtcdClient['txn']>[0]): ReturnType<EtcdClient['txn']> {
    return this.#call('txn', request);
  }

  compact(revision: number): ReturnType<EtcdClient['compact']> {
    return this.#call('compact', revision);
  }

  leaseGrant(ttlSeconds: number, id?: LeaseId): ReturnType<EtcdClient['leaseGrant']> {
    return id === undefined ? this.#call('leaseGrant', ttlSeconds) : this.#call('leaseGrant', ttlSeconds, id);
  }

  leaseRevoke(id: LeaseId): Promise<void> {
    return this.#call('leaseRevoke', id);
  }

  leaseKeepAlive(id: LeaseId): Promise<number> {
    return this.#call('leaseKeepAlive', id);
  }

  status(): Promise<MemberStatus> {
    return this.#call('status');
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    const id = this.#nextId++;
    const broken = this.#broken;
    if (broken !== undefined) {
      let cancelled = false;
      queueMicrotask(() => {
        if (!cancelled) events.closed({ reason: broken });
      });
      const nothing = (): void => {};
      return {
        pause: nothing,
        resume: nothing,
        requestProgress: nothing,
        cancel: () => void (cancelled = true),
      };
    }
    this.#watches.set(id, events);
    this.#send({ type: 'watch', id, request });
    const ask = (type: 'watch-pause' | 'watch-resume' | 'watch-progress'): void => {
      if (this.#watches.has(id)) this.#send({ type, id });
    };
    return {
      pause: () => ask('watch-pause'),
      resume: () => ask('watch-resume'),
      requestProgress: () => ask('watch-progress'),
      cancel: () => {
        if (this.#watches.delete(id)) this.#send({ type: 'watch-cancel', id });
      },
    };
  }

  /** Closes the link. Idempotent. */
  close(): void {
    this.#link.close();
  }

  #call<T>(method: CallMethod, ...args: readonly unknown[]): Promise<T> {
    if (this.#broken !== undefined) return Promise.reject(new EtcdError('unavailable', this.#broken));
    if (this.#calls.size >= callsMax) {
      return Promise.reject(tooManyRequestsError());
    }
    const id = this.#nextId++;
    const answer = deferred<unknown>();
    this.#calls.set(id, answer);
    this.#send({ type: 'call', id, method, arguments: args });
    return answer.promise as Promise<T>;
  }

  #send(message: ClientMessage): void {
    this.#link.send(message);
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'result':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'error':
        this.#take(message.id)?.reject(new EtcdError(message.code, message.message));
        return;
      case 'watch-created':
        this.#watches.get(message.id)?.created(message.revision);
        return;
      case 'watch-events':
        this.#watches.get(message.id)?.events(message.events, message.revision);
        return;
      case 'watch-progress':
        this.#watches.get(message.id)?.progress(message.revision);
        return;
      case 'watch-closed': {
        const watch = this.#watches.get(message.id);
        this.#watches.delete(message.id);
        const { compactRevision, reason } = message;
        watch?.closed(compactRevision === undefined ? { reason } : { compactRevision, reason });
        return;
      }
    }
  }

  #take(id: number): Deferred<unknown> | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  #close(reason: string): void {
    this.#broken = `etcd client: the link to the member ended: ${reason}`;
    const calls = [...this.#calls.values()];
    const watches = [...this.#watches.values()];
    this.#calls.clear();
    this.#watches.clear();
    for (const call of calls) call.reject(new EtcdError('unavailable', this.#broken));
    for (const watch of watches) watch.closed({ reason: this.#broken });
    this.#closed.resolve(reason);
  }
}

/** An EtcdClient over a new link to whoever serves `address` with `serveEtcdLink`. @throws NetworkError */
export async function connectEtcd(links: Links, address: Address): Promise<LinkEtcdClient> {
  let receiver: LinkEvents | undefined;
  const link = await links.connect(address, {
    message: (message) => receiver?.message(message),
    closed: (reason) => receiver?.closed(reason),
  });
  return new LinkEtcdClient((events) => {
    receiver = events;
    return link;
  });
}
