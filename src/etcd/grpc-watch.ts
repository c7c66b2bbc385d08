import { must } from '../base/assert.ts';
import { ProtoError } from '../base/protobuf.ts';
import { revision, type Revision } from '../mvcc/types.ts';
import type { Timer } from '../platform/clock.ts';
import type { Event, Watch, WatchEvents, WatchRequest } from './client.ts';
import { EtcdError } from './errors.ts';
import {
  closedError,
  type EndCause,
  type EtcdStream,
  type GrpcCalls,
  isTokenRefusal,
  tokenRefusalsMax,
} from './grpc-calls.ts';
import type { WatchId } from './wire/ids.ts';
import { encodeWatchRequest } from './wire/requests.ts';
import { type DecodedWatchResponse, decodeWatchResponse } from './wire/responses.ts';

/** Watches of one client; one more is closed. */
const watchesMax = 10_000;
/** etcd answers no request for progress while a watch of the stream catches up: it is asked again, after twice the time each time. */
const progressRetryMillis = { min: 100, max: 1000 };
/** Before another stream is tried when there was no token to be had. */
const reopenMillis = 200;
/** How long after the answer to a newer request the one to an older may still come: etcd answers out of two queues. */
const overtakenMillisMax = 1000;
/** Requests for progress without an answer; then the member is left. */
const requestsMax = 100;
const compactedReason = 'etcdserver: mvcc: required revision has been compacted';

type End = Parameters<WatchEvents['closed']>[0];

/**
 * The watches of a client. They share one stream at one endpoint; when it ends, they all go on at the endpoint that is used then.
 *
 * Invariants
 *   W1  `events` carries whole revisions, each above the last one delivered: a watch resumes at `next`, and what a member
 *       sends from before it is dropped (etcd#20221).
 *   W2  `progress` is of a request that was sent after the request for the watch, never of an older one.
 *   W3  A paused watch is none of the server's: it is made again at `next` when it resumes.
 *   W4  Of a revision that comes in fragments no more is held than what has come of that revision.
 */
export class GrpcWatches {
  readonly #calls: GrpcCalls;
  readonly #watches = new Set<GrpcWatch>();
  #stream: WatchStream | undefined;
  #opening = false;
  /** In a row, of streams and of watches. */
  #tokenRefusals = 0;

  constructor(calls: GrpcCalls) {
    this.#calls = calls;
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    const watch = new GrpcWatch(request, events, this);
    const refusal = this.#calls.closed
      ? closedError().message
      : this.#watches.size >= watchesMax
        ? 'etcdserver: too many requests'
        : undefined;
    if (refusal === undefined) {
      this.#watches.add(watch);
      this.attach(watch);
    } else queueMicrotask(() => watch.close({ reason: refusal }));
    return watch;
  }

  close(): void {
    this.#stream?.end();
    this.#stream = undefined;
    queueMicrotask(() => this.#closeAll(closedError().message));
  }

  /** Asks a server for `watch`, now or when there is a stream. */
  attach(watch: GrpcWatch): void {
    if (this.#stream === undefined) void this.#open();
    else this.#stream.create(watch);
  }

  detach(watch: GrpcWatch): void {
    this.#stream?.cancel(watch);
  }

  askProgress(watch: GrpcWatch): void {
    this.#stream?.askProgress(watch);
  }

  over(watch: GrpcWatch): void {
    this.#stream?.cancel(watch);
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    this.#stream?.end();
    this.#stream = undefined;
  }

  /** The server refused `watch`; for its token that may be cured. */
  refused(watch: GrpcWatch, reason: string): void {
    const stream = this.#stream;
    const curable = isTokenRefusal(reason) && this.#tokenRefusals < tokenRefusalsMax;
    if (curable && stream?.refuseToken(reason) === true) {
      this.#tokenRefusals++;
      this.#resume(stream);
    } else watch.close({ reason });
  }

  accepted(): void {
    this.#tokenRefusals = 0;
  }

  async #open(): Promise<void> {
    if (this.#opening || this.#stream !== undefined) return;
    this.#opening = true;
    let stream: WatchStream | undefined;
    try {
      await this.#calls.stream('/etcdserverpb.Watch/Watch', {
        opened: (opened) => {
          this.#opening = false;
          // Whoever wanted it may have cancelled.
          if (this.#watches.size === 0) {
            opened.end();
            return;
          }
          stream = new WatchStream(this.#calls, this, opened);
          this.#stream = stream;
          for (const watch of this.#watches) if (!watch.isPaused) stream.create(watch);
        },
        message: (bytes) => stream?.received(bytes),
        ended: (error, cause) => this.#ended(must(stream), error, cause),
      });
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (error.outcomeUnknown) await this.#calls.platform.clock.sleep(reopenMillis);
      this.#opening = false;
      if (!error.outcomeUnknown) this.#closeAll(error.message);
      else if (this.#watches.size > 0) void this.#open();
    }
  }

  #ended(stream: WatchStream, error: EtcdError, cause: EndCause): void {
    if (cause === 'token' && this.#tokenRefusals < tokenRefusalsMax) this.#tokenRefusals++;
    else if (cause !== 'broken') {
      this.#forget(stream);
      this.#closeAll(error.message);
      return;
    }
    this.#resume(stream);
  }

  /** Its member is left: it makes no sense, or is hopelessly behind. */
  useless(stream: WatchStream, reason: string): void {
    stream.abandon(reason);
    this.#resume(stream);
  }

  #resume(stream: WatchStream): void {
    this.#forget(stream);
    if (this.#watches.size > 0) void this.#open();
  }

  #forget(stream: WatchStream): void {
    stream.forget();
    if (this.#stream === stream) this.#stream = undefined;
  }

  #closeAll(reason: string): void {
    const watches = [...this.#watches];
    for (const watch of watches) watch.close({ reason });
  }
}

/** One watch, wherever it is served. */
class GrpcWatch implements Watch {
  readonly request: WatchRequest;
  readonly #consumer: WatchEvents;
  readonly #owner: GrpcWatches;
  /** The next revision to be delivered; 0: whatever comes after the server has made the watch. */
  #next: number;
  #created = false;
  #paused = false;
  #over = false;
  /** Of a revision that may not be complete. */
  #fragments: readonly Event[] = [];
  wantsProgress = false;

  constructor(request: WatchRequest, consumer: WatchEvents, owner: GrpcWatches) {
    this.request = request;
    this.#consumer = consumer;
    this.#owner = owner;
    this.#next = request.startRevision ?? 0;
  }

  get next(): number {
    return this.#next;
  }

  /** Until it is created nothing tells where it would have to go on. */
  get isPaused(): boolean {
    return this.#paused && this.#created;
  }

  // ── The consumer's side ─────────────────────────────────────────────────────────────────────────

  pause(): void {
    if (this.#paused || this.#over) return;
    this.#paused = true;
    if (this.#created) this.#owner.detach(this);
  }

  resume(): void {
    if (!this.#paused || this.#over) return;
    const detached = this.isPaused;
    this.#paused = false;
    if (detached) this.#owner.attach(this);
  }

  requestProgress(): void {
    if (this.#over) return;
    this.wantsProgress = true;
    this.#owner.askProgress(this);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.over(this);
  }

  // ── The server's side ───────────────────────────────────────────────────────────────────────────

  /** The server has made it, at its revision `at`. */
  created(at: Revision): void {
    this.#owner.accepted();
    if (this.#created) return;
    this.#created = true;
    if (this.#next === 0) this.#next = at + 1;
    this.#consumer.created(at);
    if (this.#paused && !this.#over) this.#owner.detach(this);
  }

  received(events: readonly Event[], fragment: boolean): void {
    let whole = events.some(({ kv }) => kv.modRevision < this.#next)
      ? events.filter(({ kv }) => kv.modRevision >= this.#next)
      : events;
    if (this.#fragments.length > 0) whole = [...this.#fragments, ...whole];
    this.#fragments = [];
    const newest = whole.at(-1)?.kv.modRevision;
    if (newest === undefined) return;
    if (!fragment) {
      this.#deliver(whole);
      return;
    }
    // The next fragment may have more of the newest revision, and nothing of those before.
    const cut = whole.findIndex(({ kv }) => kv.modRevision === newest);
    this.#fragments = whole.slice(cut);
    if (cut > 0) this.#deliver(whole.slice(0, cut));
  }

  /** Whether it was told: a member that is behind the one before knows of less than was delivered. */
  progress(at: Revision): boolean {
    if (!this.#created || at + 1 < this.#next) return false;
    this.#next = at + 1;
    this.#consumer.progress(at);
    return true;
  }

  /** No server has it now. */
  detached(): void {
    this.#fragments = [];
  }

  /** Ends it for its consumer, too. */
  close(end: End): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.over(this);
    this.#consumer.closed(end);
  }

  #deliver(events: readonly Event[]): void {
    const at = must(events.at(-1)).kv.modRevision;
    this.#next = at + 1;
    this.#consumer.events(events, at);
  }
}

/** A watch on a stream. */
interface Served {
  readonly watch: GrpcWatch;
  readonly watchId: number;
  /** The first request for progress that was sent after its consumer asked last. */
  wantedRequest: number;
}

/** A request for progress that may still be answered. */
interface ProgressRequest {
  readonly number: number;
  /** It was sent after the requests for the watches below this id, and before the one for this id. */
  readonly beforeId: number;
  /** From then on it will not be answered. */
  lostAtMillis: number;
}

/** One Watch call: the watches it serves, by the ids it has given them. */
class WatchStream {
  readonly #calls: GrpcCalls;
  readonly #owner: GrpcWatches;
  readonly #stream: EtcdStream;
  readonly #watches = new Map<WatchId, GrpcWatch>();
  readonly #served = new Map<GrpcWatch, Served>();
  /** Asked for, and not yet answered for, in order: a refusal does not say whom it is for. */
  readonly #creating = new Set<WatchId>();
  #nextId = 1;
  #over = false;
  /** Those that want progress. */
  readonly #asking = new Set<Served>();
  /** Oldest first. */
  readonly #requests: ProgressRequest[] = [];
  #requestsSent = 0;
  #requestQueued = false;
  #retryMillis = progressRetryMillis.min;
  /** Runs while an answer may be expected. */
  #progressTimer: Timer | undefined;

  constructor(calls: GrpcCalls, owner: GrpcWatches, stream: EtcdStream) {
    this.#calls = calls;
    this.#owner = owner;
    this.#stream = stream;
  }

  create(watch: GrpcWatch): void {
    const watchId = this.#nextId++;
    this.#watches.set(watchId, watch);
    this.#served.set(watch, { watch, watchId, wantedRequest: 0 });
    this.#creating.add(watchId);
    const { key, rangeEnd = '', progressNotify = false, prevKv = false, filters = [] } = watch.request;
    this.#stream.send(
      encodeWatchRequest({
        type: 'create',
        key,
        rangeEnd,
        startRevision: watch.next,
        progressNotify,
        filters,
        prevKv,
        watchId,
        fragment: true,
      }),
    );
    if (watch.wantsProgress) this.askProgress(watch);
  }

  cancel(watch: GrpcWatch): void {
    const served = this.#served.get(watch);
    if (served === undefined) return;
    this.#served.delete(watch);
    this.#watches.delete(served.watchId);
    this.#asking.delete(served);
    watch.detached();
    // Also of one that the server has cancelled: etcd gives no progress to a stream with a compacted watch.
    this.#stream.send(encodeWatchRequest({ type: 'cancel', watchId: served.watchId }));
  }

  end(): void {
    this.#stream.end();
    this.forget();
  }

  abandon(reason: string): void {
    this.#stream.abandon(reason);
  }

  refuseToken(reason: string): boolean {
    return this.#stream.refuseToken(reason);
  }

  /** The stream is over; its watches are nobody's. */
  forget(): void {
    this.#over = true;
    this.#progressTimer?.cancel();
    for (const watch of this.#served.keys()) watch.detached();
    this.#watches.clear();
    this.#served.clear();
    this.#asking.clear();
  }

  received(bytes: Uint8Array): void {
    if (this.#over) return;
    let response: DecodedWatchResponse;
    try {
      response = decodeWatchResponse(bytes);
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      this.#owner.useless(this, `malformed watch response: ${error.message}`);
      return;
    }
    const { watchId, created, canceled, events, fragment, header } = response;
    // One that is unknown was cancelled here while the response was under way.
    const watch = this.#watches.get(watchId);
    if (created) this.#created(response);
    else if (watchId === -1) this.#progressOfAll(header.revision);
    else if (watch === undefined) return;
    else if (canceled) this.#canceled(watch, response);
    else if (events.length > 0 || fragment) watch.received(events, fragment);
    else watch.progress(header.revision);
  }

  #created({ watchId, canceled, cancelReason, header }: DecodedWatchResponse): void {
    const [oldest] = this.#creating;
    const id = canceled && !this.#creating.has(watchId) ? oldest : watchId;
    if (id === undefined) return;
    this.#creating.delete(id);
    this.#answeredUpTo(id);
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    if (canceled) this.#owner.refused(watch, cancelReason);
    else watch.created(header.revision);
  }

  #canceled(watch: GrpcWatch, { compactRevision, cancelReason }: DecodedWatchResponse): void {
    if (compactRevision > 0) {
      watch.close({
        compactRevision: revision(compactRevision),
        reason: cancelReason === '' ? compactedReason : cancelReason,
      });
    } else this.#owner.refused(watch, cancelReason === '' ? 'etcdserver: watch canceled' : cancelReason);
  }

  // ── Progress ────────────────────────────────────────────────────────────────────────────────────

  askProgress(watch: GrpcWatch): void {
    const served = this.#served.get(watch);
    if (served === undefined) return;
    served.wantedRequest = this.#requestsSent + 1;
    this.#asking.add(served);
    // One at a time: the answer to the one that is out comes first, or its time is up.
    if (this.#progressTimer === undefined) this.#queueRequest();
  }

  #queueRequest(): void {
    if (this.#requestQueued) return;
    this.#requestQueued = true;
    queueMicrotask(() => {
      this.#requestQueued = false;
      this.#requestProgress();
    });
  }

  #requestProgress(): void {
    this.#progressTimer?.cancel();
    this.#progressTimer = undefined;
    if (this.#over || this.#asking.size === 0) return;
    const { clock } = this.#calls.platform;
    if (this.#requests.length >= requestsMax) {
      this.#owner.useless(this, 'no progress');
      return;
    }
    const number = ++this.#requestsSent;
    this.#requests.push({ number, beforeId: this.#nextId, lostAtMillis: Number.POSITIVE_INFINITY });
    this.#stream.send(encodeWatchRequest({ type: 'progress' }));
    this.#progressTimer = clock.setTimer(this.#retryMillis, () => this.#requestProgress());
    this.#retryMillis = Math.min(2 * this.#retryMillis, progressRetryMillis.max);
  }

  /** The server has come as far as the request for watch `id`: what was asked before it is answered, or will be at once. */
  #answeredUpTo(id: WatchId): void {
    const lostAtMillis = this.#calls.platform.clock.monotonicMillis() + overtakenMillisMax;
    for (const request of this.#requests) {
      if (request.beforeId > id) return;
      request.lostAtMillis = Math.min(request.lostAtMillis, lostAtMillis);
    }
  }

  /**
   * One answer for all watches of the stream. It does not say to which request, and some are never answered: it is taken for
   * that of the oldest that may have one, so that no watch is told more than is true.
   */
  #progressOfAll(at: Revision): void {
    const nowMillis = this.#calls.platform.clock.monotonicMillis();
    let request = this.#requests.shift();
    while (request !== undefined && request.lostAtMillis < nowMillis) request = this.#requests.shift();
    if (request === undefined) return;
    const asking = [...this.#asking];
    for (const served of asking) {
      const { watch, watchId } = served;
      if (watchId >= request.beforeId || !this.#asking.has(served)) continue;
      const told = watch.progress(at);
      // One that was not told knows more than this member, which will catch up; it may have asked again just now.
      if (!told || served.wantedRequest > request.number) continue;
      watch.wantsProgress = false;
      this.#asking.delete(served);
    }
    this.#retryMillis = progressRetryMillis.min;
    if (this.#asking.size === 0) {
      this.#progressTimer?.cancel();
      this.#progressTimer = undefined;
    } else if ([...this.#asking].some(({ wantedRequest }) => wantedRequest > this.#requestsSent)) {
      this.#queueRequest();
    }
  }
}
