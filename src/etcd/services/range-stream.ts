import { emptyBytes } from '../../base/bytes.ts';
import type { CallEvents, ServerCall } from '../../grpc/service.ts';
import type { RequestAuth } from '../request.ts';
import type { RangeCall } from '../wire/requests.ts';
import { encodeRangeChunk, encodeRangeRuns, encodeRangeStreamResponse } from '../wire/responses.ts';
import { decodeCheckedRange, readRuns } from './range.ts';
import { streamStatusOf, type ServiceContext } from './service.ts';

/** The first chunk has this many keys; then chunks grow and shrink towards half a request's size. */
const firstChunkKeys = 10;

/** What is still to be sent. */
interface Rest {
  readonly request: RangeCall;
  readonly auth: RequestAuth | undefined;
  key: string;
  limit: number;
  chunkKeys: number;
  /** Of the whole range, as the first chunk found it. */
  count: number | undefined;
}

/**
 * KV.RangeStream (etcd 3.7): a range in chunks, all of one revision; the last message alone carries header, count and more. Chunks
 * are read as the client takes them, so that nothing is held for a slow one.
 */
export class RangeStream implements CallEvents {
  readonly #context: ServiceContext;
  readonly #call: ServerCall;
  #asked = false;
  #rest: Rest | undefined;
  #over = false;

  constructor(context: ServiceContext, call: ServerCall) {
    this.#context = context;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#guard(() => this.#ask(bytes));
  }

  halfClosed(): void {
    // A message without fields may come as no bytes at all.
    this.message(emptyBytes);
  }

  cancelled(): void {
    this.#over = true;
    this.#rest = undefined;
  }

  drained(): void {
    this.#guard(() => this.#send());
  }

  #ask(bytes: Uint8Array): void {
    const { member, authenticate } = this.#context;
    const request = decodeCheckedRange(member, bytes, this.#call);
    const auth = authenticate(this.#call);
    const begin = (): void => this.#guard(() => this.#begin(request, auth));
    if (request.serializable === true) begin();
    else member.whenReadable({ ok: begin, failed: (error) => this.#fail(error) });
  }

  #begin(request: RangeCall, auth: RequestAuth | undefined): void {
    const { sort, countOnly, limit = 0, revision = 0 } = request;
    // What is sorted, or only counted, is one chunk.
    const whole =
      countOnly === true || (sort !== undefined && (sort.target !== 'key' || sort.order !== 'ascend'));
    this.#rest = {
      request: { ...request, revision: revision > 0 ? revision : this.#context.member.store.revision },
      auth,
      key: request.key,
      limit: limit > 0 ? limit : Infinity,
      chunkKeys: whole ? Infinity : firstChunkKeys,
      count: undefined,
    };
    this.#send();
  }

  #send(): void {
    const { member, header, options } = this.#context;
    for (let rest = this.#rest; rest !== undefined && !this.#over; rest = this.#rest) {
      const keys = Math.min(rest.chunkKeys, rest.limit);
      const request = { ...rest.request, key: rest.key, limit: keys === Infinity ? 0 : keys };
      const found = readRuns(member, rest.auth, request);
      rest.count ??= found.count;
      rest.limit -= found.kvCount;
      if (!found.more || rest.limit <= 0 || found.kvCount === 0) {
        const facts = { revision: member.store.revision, raftTerm: member.term };
        const response = encodeRangeRuns(header, facts, { ...found, count: rest.count });
        this.#rest = undefined;
        this.#over = true;
        this.#call.send(encodeRangeStreamResponse(response));
        this.#call.end();
        return;
      }
      const chunk = encodeRangeChunk(found);
      if (chunk.length < options.requestBytesMax / 2) rest.chunkKeys *= 2;
      else if (chunk.length > options.requestBytesMax * 2) rest.chunkKeys = Math.ceil(rest.chunkKeys / 2);
      rest.key = `${found.lastKey}\0`;
      if (!this.#call.send(encodeRangeStreamResponse(chunk))) return;
    }
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const status = streamStatusOf(error);
    if (this.#over) return;
    this.cancelled();
    this.#call.end(status);
  }
}
