/**
 * grpc/: HTTP/2, HPACK and gRPC of our own, server and client: bytes in, events out, bytes out.
 *
 * Boundary: runs over a ByteStream, so it runs in both worlds. Knows message bytes, never protobuf. Time comes from the
 * platform's clock.
 *
 * Invariants
 *   G1  However the bytes are cut, the events are the same.
 *   G2  What a peer sends wrong ends its stream or its connection with the code RFC 9113 names; never the process.
 *   G3  All frames of a turn go out in one write; nothing waits for a timer to be sent.
 *   G4  Memory per connection is bounded, whatever the peer sends or does not read: by the limits below.
 *   G5  DATA never exceeds the peer's windows, and its bytes are copied once on the way out.
 */
import { emptyBytes } from '../base/bytes.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { ByteStream, StreamEvents } from '../platform/streams.ts';
import {
  ConnectionError,
  defaultMaxFrameBytes,
  defaultWindowBytes,
  errorCode,
  flag,
  frameHeaderBytes,
  frameType,
  maxFrameBytesLimit,
  preface,
  readUint32,
  setting,
  streamIdMax,
  windowBytesMax,
} from './frame.ts';
import type { HeaderBlock } from './header-block.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { Http2Stream, type StreamOwner } from './http2-stream.ts';
import type { Message } from './message.ts';
import { Output } from './output.ts';
import { TokenBucket } from './token-bucket.ts';

/** Largest frame we accept: the default; larger ones would only make others wait. */
const receiveFrameBytesMax = defaultMaxFrameBytes;
/** What a peer may send ahead, per stream and in all. Bytes are handed on as they come, so these are never full. */
const streamWindowBytes = 1_048_576;
const connectionWindowBytes = 16_777_216;
/** Header lists, by the count of RFC 9113 §6.5.2; also the bound of a block spread over CONTINUATION frames. */
const headerListBytesMax = 65_536;
/** Streams a client may have open at once. */
export const concurrentStreamsMax = 4_096;
/**
 * Unfinished requests of all streams together, beyond what one message may have: 4096 streams that each hold back the
 * end of a message would otherwise be 8 GiB.
 */
const unfinishedBytesMax = 67_108_864;
/** Bytes that are written early, before the turn is over: one more frame of 16 KiB and they would not fit into one slab. */
const earlyFlushBytes = 239 * 1024;
/** And when a stream ends with so many, they go out before another stream's are made: what was just written is in the CPU's cache. */
const longAnswerBytes = 65_536;
/** Answers to control frames that may pile up for a peer that does not read. */
const controlBytesMax = 1_048_576;
/** Resets, settings, empty frames: a burst, and so many a second (CVE-2023-44487 and its kin). */
const nuisanceBurst = 1_000;
const nuisancePerSecond = 100;
/** How long a connection that was ended waits for the peer to end it too. */
const lingerMillis = 1_000;
/** Streams we reset whose late frames are let pass. */
const resetStreamsRemembered = 256;

export interface Http2Events {
  /** A stream was opened by the peer (servers only). Its owner hears of the rest. */
  opened(stream: Http2Stream, block: HeaderBlock, endStream: boolean): StreamOwner | undefined;
  /** A PING that is no answer. */
  pinged?(): void;
  /** The peer will take no new streams; those above `lastStreamId` it has not begun. */
  goingAway?(lastStreamId: number, code: number, debug: string): void;
  /** The peer's settings came: the first time they did, it is ready. */
  settled?(): void;
  /** A stream has ended. */
  streamClosed?(): void;
  /** Last. All streams have been told. */
  closed(reason: string): void;
}

export class Http2Connection implements StreamEvents {
  readonly transport: ByteStream;
  /** Streams that are open or half closed. */
  readonly streams = new Map<number, Http2Stream>();
  /** Set by DATA and HEADERS that we send: pings that follow are no strikes. */
  sentSincePing = false;
  /** Counts what came in, so that keepalive sees whether the peer is alive. */
  receivedCount = 0;
  /** Room that unfinished messages and bodies of this connection have taken. */
  #unfinishedBytes = 0;
  peerStreamsMax = Number.POSITIVE_INFINITY;
  isClosed = false;

  readonly #role: 'server' | 'client';
  readonly #clock: Clock;
  readonly #events: Http2Events;
  readonly #decoder = new HpackDecoder(headerListBytesMax);
  readonly #output: Output;
  readonly #nuisance: TokenBucket;
  readonly #line: Http2Stream[] = [];
  readonly #resetStreams = new Set<number>();
  #prefaceLeft: number;
  #settingsSeen = false;
  /** A frame whose end has not come yet, and how much of it has. */
  #pending: Uint8Array = new Uint8Array(frameHeaderBytes);
  #pendingLength = 0;
  readonly #streamsMax: number;
  #blockStream = 0;
  #blockEndStream = false;
  #blockParts: Uint8Array[] | undefined;
  #blockBytes = 0;
  #sendWindow = defaultWindowBytes;
  #receivedBytes = 0;
  #peerInitialWindow = defaultWindowBytes;
  #peerFrameBytesMax = defaultMaxFrameBytes;
  #lastPeerStream = 0;
  #nextStream = 1;
  #blocked = false;
  #inTurn = false;
  #flushPlanned = false;
  #lastTaken = streamIdMax;
  #goawaySent = false;
  /** Answers to control frames since the transport asked to wait. */
  #controlBytes = 0;
  #ended = false;
  #pingAnswered: (() => void) | undefined;
  #lingerTimer: Timer | undefined;

  /** @param streamsMax what a client may have open at a time; no more than `concurrentStreamsMax` */
  constructor(
    role: 'server' | 'client',
    transport: ByteStream,
    clock: Clock,
    events: Http2Events,
    streamsMax = concurrentStreamsMax,
  ) {
    this.#streamsMax = Math.min(streamsMax, concurrentStreamsMax);
    this.#role = role;
    this.transport = transport;
    this.#clock = clock;
    this.#events = events;
    this.#nuisance = new TokenBucket(nuisanceBurst, nuisancePerSecond, clock.monotonicMillis());
    this.#prefaceLeft = role === 'server' ? preface.length : 0;
    this.#output = new Output({
      write: (bytes) => {
        if (!transport.write(bytes)) this.#blocked = true;
      },
      get isWrittenOut() {
        return transport.isWrittenOut;
      },
    });
  }

  /** Sends the preface and our settings. */
  begin(): void {
    const output = this.#output;
    if (this.#role === 'client') output.bytes(preface);
    const settings: readonly (readonly [number, number])[] = [
      [setting.initialWindowSize, streamWindowBytes],
      [setting.maxHeaderListSize, headerListBytesMax],
      this.#role === 'server' ? [setting.maxConcurrentStreams, this.#streamsMax] : [setting.enablePush, 0],
    ];
    output.frameHeader(settings.length * 6, frameType.settings, 0, 0);
    for (const [id, value] of settings) {
      output.byte(0);
      output.byte(id);
      output.uint32(value);
    }
    this.#windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
    this.planFlush();
  }

  // ——— what comes in ———

  data(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#inTurn = true;
    this.receivedCount++;
    try {
      this.#receive(bytes);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error.code, error.message);
    }
    this.#inTurn = false;
    this.flush();
  }

  drained(): void {
    // Node says it after any long write.
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#sendLine();
    this.flush();
  }

  ended(): void {
    // Nobody will ask any more; a client that half closes has no use for answers it cannot acknowledge.
    this.#shut('the peer closed the connection');
    this.transport.end();
  }

  closed(error?: string): void {
    this.#lingerTimer?.cancel();
    this.#shut(error ?? 'the connection was closed');
  }

  #receive(chunk: Uint8Array): void {
    let at = 0;
    const end = chunk.length;
    while (this.#prefaceLeft > 0 && at < end) {
      if (chunk[at++] !== preface[preface.length - this.#prefaceLeft--]) {
        throw new ConnectionError(
          errorCode.protocolError,
          'the connection does not begin with the HTTP/2 preface',
        );
      }
    }
    while (at < end && !this.#ended) {
      if (this.#pendingLength > 0) {
        at = this.#completePending(chunk, at);
        continue;
      }
      const left = end - at;
      if (left < frameHeaderBytes) {
        this.#pending = new Uint8Array(frameHeaderBytes);
        this.#pending.set(chunk.subarray(at));
        this.#pendingLength = left;
        return;
      }
      const total = frameHeaderBytes + this.#frameLength(chunk, at);
      if (left < total) {
        this.#pending = new Uint8Array(total);
        this.#pending.set(chunk.subarray(at));
        this.#pendingLength = left;
        return;
      }
      this.#frame(chunk, at, total - frameHeaderBytes);
      at += total;
    }
  }

  /** Takes from `chunk` what the pending frame lacks. Returns where to go on. */
  #completePending(chunk: Uint8Array, at: number): number {
    const missing = this.#pending.length - this.#pendingLength;
    const taken = Math.min(missing, chunk.length - at);
    this.#pending.set(chunk.subarray(at, at + taken), this.#pendingLength);
    this.#pendingLength += taken;
    if (taken < missing) return at + taken;
    const frame = this.#pending;
    if (frame.length === frameHeaderBytes) {
      const length = this.#frameLength(frame, 0);
      if (length > 0) {
        this.#pending = new Uint8Array(frameHeaderBytes + length);
        this.#pending.set(frame);
        return at + taken;
      }
    }
    this.#pendingLength = 0;
    this.#frame(frame, 0, frame.length - frameHeaderBytes);
    return at + taken;
  }

  #frameLength(bytes: Uint8Array, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > receiveFrameBytesMax) {
      throw new ConnectionError(
        errorCode.frameSizeError,
        `a frame of ${length} bytes is above ${receiveFrameBytesMax}`,
      );
    }
    return length;
  }

  #frame(bytes: Uint8Array, at: number, length: number): void {
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const id = readUint32(bytes, at + 5) & 0x7fffffff;
    const start = at + frameHeaderBytes;
    const end = start + length;
    if (!this.#settingsSeen && (type !== frameType.settings || (flags & flag.ack) !== 0)) {
      throw protocolError('the first frame is not SETTINGS');
    }
    if (this.#blockParts !== undefined && (type !== frameType.continuation || id !== this.#blockStream)) {
      throw protocolError('a header block is interrupted');
    }
    switch (type) {
      case frameType.data:
        this.#onData(bytes, start, end, flags, id);
        break;
      case frameType.headers:
        this.#onHeaders(bytes, start, end, flags, id);
        break;
      case frameType.priority:
        if (id === 0) throw protocolError('PRIORITY on stream 0');
        this.#nuisanceFrame('PRIORITY');
        if (length !== 5) this.#streamError(id, errorCode.frameSizeError, 'PRIORITY is not 5 bytes long');
        break;
      case frameType.rstStream:
        this.#onReset(bytes, start, length, id);
        break;
      case frameType.settings:
        this.#onSettings(bytes, start, length, flags, id);
        break;
      case frameType.pushPromise:
        throw protocolError('PUSH_PROMISE was not allowed');
      case frameType.ping:
        this.#onPing(bytes, start, length, flags, id);
        break;
      case frameType.goaway:
        this.#onGoaway(bytes, start, end, id);
        break;
      case frameType.windowUpdate:
        this.#onWindowUpdate(bytes, start, length, id);
        break;
      case frameType.continuation:
        this.#onContinuation(bytes, start, end, flags);
        break;
      default:
        // §4.1: unknown types are ignored.
        this.#nuisanceFrame('unknown');
    }
  }

  #onData(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    if (id === 0) throw protocolError('DATA on stream 0');
    const length = end - start;
    const stream = this.streams.get(id);
    this.#receivedBytes += length;
    if (this.#receivedBytes > connectionWindowBytes) {
      throw new ConnectionError(errorCode.flowControlError, 'more DATA than the connection window');
    }
    if (this.#receivedBytes > connectionWindowBytes / 2) {
      this.#windowUpdate(0, this.#receivedBytes);
      this.#receivedBytes = 0;
    }
    let from = start;
    let to = end;
    if ((flags & flag.padded) !== 0) {
      if (length === 0) throw new ConnectionError(errorCode.frameSizeError, 'padded DATA has no pad length');
      to -= bytes[from++]!;
      if (to < from) throw protocolError('padding is longer than its frame');
    }
    if (stream === undefined) {
      if (this.#isIdle(id)) throw protocolError('DATA on an idle stream');
      return;
    }
    if (stream.remoteClosed) {
      this.#streamError(id, errorCode.streamClosed, 'DATA after the end of its stream');
      return;
    }
    const endStream = (flags & flag.endStream) !== 0;
    if (to === from && !endStream) this.#nuisanceFrame('empty DATA');
    stream.receivedBytes += length;
    if (stream.receivedBytes > streamWindowBytes) {
      this.#streamError(id, errorCode.flowControlError, 'more DATA than the stream window');
      return;
    }
    if (endStream) {
      stream.remoteClosed = true;
    } else if (stream.receivedBytes > streamWindowBytes / 2) {
      this.#windowUpdate(id, stream.receivedBytes);
      stream.receivedBytes = 0;
    }
    stream.owner?.data(from === to ? emptyBytes : bytes.subarray(from, to), endStream);
    if (endStream) this.#forgetIfClosed(stream);
  }

  #onHeaders(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    if (id === 0) throw protocolError('HEADERS on stream 0');
    let from = start;
    let to = end;
    if ((flags & flag.padded) !== 0) {
      if (from === to)
        throw new ConnectionError(errorCode.frameSizeError, 'padded HEADERS have no pad length');
      to -= bytes[from++]!;
    }
    if ((flags & flag.priority) !== 0) {
      if (to - from < 5)
        throw new ConnectionError(errorCode.frameSizeError, 'HEADERS have no room for priority');
      if ((readUint32(bytes, from) & 0x7fffffff) === id) throw protocolError('a stream depends on itself');
      from += 5;
    }
    if (to < from) throw protocolError('padding is longer than its frame');
    const endStream = (flags & flag.endStream) !== 0;
    if ((flags & flag.endHeaders) !== 0) {
      this.#onBlock(id, bytes, from, to, endStream);
      return;
    }
    this.#blockStream = id;
    this.#blockEndStream = endStream;
    this.#blockParts = [bytes.subarray(from, to)];
    this.#blockBytes = to - from;
  }

  #onContinuation(bytes: Uint8Array, start: number, end: number, flags: number): void {
    const parts = this.#blockParts;
    if (parts === undefined) throw protocolError('CONTINUATION without HEADERS');
    if (start === end) this.#nuisanceFrame('empty CONTINUATION');
    parts.push(bytes.subarray(start, end));
    this.#blockBytes += end - start;
    if (this.#blockBytes > headerListBytesMax) {
      throw new ConnectionError(
        errorCode.enhanceYourCalm,
        `a header block is above ${headerListBytesMax} bytes`,
      );
    }
    if ((flags & flag.endHeaders) === 0) return;
    const block = new Uint8Array(this.#blockBytes);
    let at = 0;
    for (const part of parts) {
      block.set(part, at);
      at += part.length;
    }
    this.#blockParts = undefined;
    this.#onBlock(this.#blockStream, block, 0, at, this.#blockEndStream);
  }

  #onBlock(id: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    // Always decoded: the dynamic table must follow the peer's.
    const block = this.#decoder.decode(bytes, start, end);
    const stream = this.streams.get(id);
    if (stream !== undefined) {
      if (stream.remoteClosed) {
        this.#streamError(id, errorCode.streamClosed, 'HEADERS after the end of their stream');
        return;
      }
      if (block.oversize) {
        this.#streamError(id, errorCode.enhanceYourCalm, 'the header list is too long');
        return;
      }
      if (this.#role === 'server' && !endStream) {
        this.#streamError(id, errorCode.protocolError, 'trailers do not end their stream');
        return;
      }
      if (endStream) stream.remoteClosed = true;
      stream.owner?.headers(block, endStream);
      if (endStream) this.#forgetIfClosed(stream);
      return;
    }
    if (this.#resetStreams.has(id)) return;
    if (this.#role === 'client') {
      if (this.#isIdle(id)) throw protocolError('HEADERS on an idle stream');
      return;
    }
    if (id % 2 === 0) throw protocolError('a client opened an even stream');
    if (id <= this.#lastPeerStream)
      throw new ConnectionError(errorCode.streamClosed, `stream ${id} was used before`);
    this.#lastPeerStream = id;
    // §6.8: streams beyond what GOAWAY said are ignored.
    if (id > this.#lastTaken) return;
    if (this.streams.size >= this.#streamsMax) {
      this.#nuisanceFrame('refused HEADERS');
      this.#writeReset(id, errorCode.refusedStream);
      return;
    }
    if (block.oversize) {
      this.#writeReset(id, errorCode.enhanceYourCalm);
      this.#nuisanceFrame('oversize HEADERS');
      return;
    }
    const opened = new Http2Stream(this, id, this.#peerInitialWindow);
    opened.remoteClosed = endStream;
    this.streams.set(id, opened);
    const owner = this.#events.opened(opened, block, endStream);
    opened.owner = owner;
    this.#forgetIfClosed(opened);
  }

  #onReset(bytes: Uint8Array, start: number, length: number, id: number): void {
    if (length !== 4) throw new ConnectionError(errorCode.frameSizeError, 'RST_STREAM is not 4 bytes long');
    if (id === 0 || this.#isIdle(id)) throw protocolError('RST_STREAM on an idle stream');
    if (this.#role === 'server') this.#nuisanceFrame('RST_STREAM');
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    const code = readUint32(bytes, start);
    this.#breakStream(
      stream,
      code,
      code === errorCode.cancel ? 'context canceled' : `the peer reset the stream (${code})`,
    );
  }

  #onSettings(bytes: Uint8Array, start: number, length: number, flags: number, id: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    if ((flags & flag.ack) !== 0) {
      if (length !== 0)
        throw new ConnectionError(errorCode.frameSizeError, 'SETTINGS with ACK are not empty');
      return;
    }
    if (length % 6 !== 0) throw new ConnectionError(errorCode.frameSizeError, 'SETTINGS are cut off');
    this.#nuisanceFrame('SETTINGS');
    for (let at = start; at < start + length; at += 6) {
      this.#applySetting((bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2));
    }
    this.#output.frameHeader(0, frameType.settings, flag.ack, 0);
    this.#controlSent();
    if (!this.#settingsSeen) {
      this.#settingsSeen = true;
      this.#events.settled?.();
    }
    this.#sendLine();
  }

  #applySetting(id: number, value: number): void {
    switch (id) {
      case setting.enablePush:
        if (value > 1) throw protocolError('ENABLE_PUSH is neither 0 nor 1');
        break;
      case setting.maxConcurrentStreams:
        this.peerStreamsMax = value;
        break;
      case setting.initialWindowSize: {
        if (value > windowBytesMax)
          throw new ConnectionError(errorCode.flowControlError, 'INITIAL_WINDOW_SIZE is above 2^31-1');
        const change = value - this.#peerInitialWindow;
        this.#peerInitialWindow = value;
        for (const stream of this.streams.values()) {
          stream.sendWindow += change;
          if (stream.sendWindow > windowBytesMax) {
            throw new ConnectionError(errorCode.flowControlError, 'INITIAL_WINDOW_SIZE overflows a window');
          }
          if (stream.hasQueued) this.lineUp(stream);
        }
        break;
      }
      case setting.maxFrameSize:
        if (value < defaultMaxFrameBytes || value > maxFrameBytesLimit)
          throw protocolError('MAX_FRAME_SIZE is out of range');
        this.#peerFrameBytesMax = value;
        break;
      default:
      // HEADER_TABLE_SIZE: our encoder has no dynamic table. MAX_HEADER_LIST_SIZE: our lists are short. Others: §6.5.2.
    }
  }

  #onPing(bytes: Uint8Array, start: number, length: number, flags: number, id: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    if (length !== 8) throw new ConnectionError(errorCode.frameSizeError, 'PING is not 8 bytes long');
    if ((flags & flag.ack) !== 0) {
      const answered = this.#pingAnswered;
      this.#pingAnswered = undefined;
      answered?.();
      return;
    }
    this.#output.frameHeader(8, frameType.ping, flag.ack, 0);
    this.#output.range(bytes, start, start + 8);
    this.#controlSent();
    this.#events.pinged?.();
  }

  #onGoaway(bytes: Uint8Array, start: number, end: number, id: number): void {
    if (id !== 0) throw protocolError('GOAWAY on a stream');
    if (end - start < 8) throw new ConnectionError(errorCode.frameSizeError, 'GOAWAY is too short');
    this.#nuisanceFrame('GOAWAY');
    const last = readUint32(bytes, start) & 0x7fffffff;
    let debug = '';
    for (let i = start + 8; i < end; i++) debug += String.fromCharCode(bytes[i]!);
    this.#events.goingAway?.(last, readUint32(bytes, start + 4), debug);
  }

  #onWindowUpdate(bytes: Uint8Array, start: number, length: number, id: number): void {
    if (length !== 4)
      throw new ConnectionError(errorCode.frameSizeError, 'WINDOW_UPDATE is not 4 bytes long');
    const increment = readUint32(bytes, start) & 0x7fffffff;
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE of 0');
      this.#sendWindow += increment;
      if (this.#sendWindow > windowBytesMax) {
        throw new ConnectionError(errorCode.flowControlError, 'the connection window overflows');
      }
      this.#sendLine();
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.#isIdle(id)) throw protocolError('WINDOW_UPDATE on an idle stream');
      return;
    }
    stream.sendWindow += increment;
    if (increment === 0) {
      this.#streamError(id, errorCode.protocolError, 'WINDOW_UPDATE of 0');
    } else if (stream.sendWindow > windowBytesMax) {
      this.#streamError(id, errorCode.flowControlError, 'a stream window overflows');
    } else if (stream.hasQueued) {
      this.lineUp(stream);
      this.#sendLine();
    }
  }

  #isIdle(id: number): boolean {
    if (this.#role === 'server') return id % 2 === 0 || id > this.#lastPeerStream;
    return id % 2 === 0 || id >= this.#nextStream;
  }

  #nuisanceFrame(what: string): void {
    if (!this.#nuisance.take(this.#clock.monotonicMillis())) {
      throw new ConnectionError(errorCode.enhanceYourCalm, `too many ${what} frames`);
    }
  }

  #streamError(id: number, code: number, reason: string): void {
    this.#nuisanceFrame('malformed');
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.#writeReset(id, code);
      return;
    }
    this.#writeReset(id, code);
    this.#breakStream(stream, code, reason);
  }

  #breakStream(stream: Http2Stream, code: number, reason: string): void {
    stream.remoteClosed = true;
    stream.localClosed = true;
    stream.dropQueue();
    this.#forget(stream);
    const { owner } = stream;
    stream.owner = undefined;
    owner?.broken(code, reason);
  }

  // ——— what goes out ———

  /** Opens a stream (clients only). Undefined when ids are used up. */
  open(owner: StreamOwner): Http2Stream | undefined {
    if (this.#nextStream > streamIdMax) return undefined;
    const stream = new Http2Stream(this, this.#nextStream, this.#peerInitialWindow);
    this.#nextStream += 2;
    stream.owner = owner;
    this.streams.set(stream.id, stream);
    return stream;
  }

  /** The peer has not begun with the streams above `lastStreamId`, and will not (§6.8). */
  refuseAbove(lastStreamId: number, reason: string): void {
    for (const stream of this.streams.values()) {
      if (stream.id > lastStreamId) this.#breakStream(stream, errorCode.refusedStream, reason);
    }
  }

  /** Whether frames may be written now rather than queued. */
  get mayWrite(): boolean {
    if (this.#output.length > earlyFlushBytes) this.#flushNow();
    return !this.#blocked && !this.#ended;
  }

  /** Whether `length` bytes of DATA may go out at once, in one frame. */
  mayWriteData(stream: Http2Stream, length: number): boolean {
    return (
      length <= stream.sendWindow &&
      length <= this.#sendWindow &&
      length <= this.#peerFrameBytesMax &&
      this.mayWrite
    );
  }

  dataAllowance(stream: Http2Stream): number {
    return Math.min(stream.sendWindow, this.#sendWindow, this.#peerFrameBytesMax);
  }

  writeHeaders(id: number, block: Uint8Array, endStream: boolean): void {
    const output = this.#output;
    const max = this.#peerFrameBytesMax;
    const end = endStream ? flag.endStream : 0;
    this.sentSincePing = true;
    if (block.length <= max) {
      output.frameHeader(block.length, frameType.headers, end | flag.endHeaders, id);
      output.bytes(block);
    } else {
      output.frameHeader(max, frameType.headers, end, id);
      output.range(block, 0, max);
      for (let at = max; at < block.length; at += max) {
        const to = Math.min(block.length, at + max);
        output.frameHeader(to - at, frameType.continuation, to === block.length ? flag.endHeaders : 0, id);
        output.range(block, at, to);
      }
    }
    if (!this.#inTurn) this.planFlush();
  }

  writeData(
    stream: Http2Stream,
    prefix: Uint8Array,
    message: Message,
    length: number,
    endStream: boolean,
  ): void {
    const output = this.#output;
    this.writeDataHeader(stream, length, endStream);
    output.bytes(prefix);
    if ('pieces' in message) for (const piece of message.pieces) output.bytes(piece);
    else output.bytes(message);
  }

  writeDataHeader(stream: Http2Stream, length: number, endStream: boolean): void {
    this.#output.frameHeader(length, frameType.data, endStream ? flag.endStream : 0, stream.id);
    stream.sendWindow -= length;
    this.#sendWindow -= length;
    this.sentSincePing = true;
    if (!this.#inTurn) this.planFlush();
  }

  writeDataRange(bytes: Uint8Array, start: number, end: number): void {
    this.#output.range(bytes, start, end);
  }

  /** Puts a stream in line to be sent when there is room. */
  lineUp(stream: Http2Stream): void {
    if (stream.inLine) return;
    stream.inLine = true;
    this.#line.push(stream);
  }

  /** Tries to send what was just queued. Whether all of it went out. */
  sendQueued(stream: Http2Stream): boolean {
    this.#sendLine();
    return !stream.hasQueued;
  }

  /** So many bytes of DATA are about to be written, if the windows allow it. */
  expectData(count: number): void {
    this.#output.expect(Math.min(count, earlyFlushBytes));
  }

  /** Our side of a stream has been sent to its end. */
  streamSent(stream: Http2Stream): void {
    if (this.#output.length > longAnswerBytes) this.#flushNow();
    if (stream.remoteClosedAfterSend && !stream.remoteClosed) this.resetStream(stream, errorCode.noError);
    else this.#forgetIfClosed(stream);
  }

  resetStream(stream: Http2Stream, code: number): void {
    if (!this.streams.has(stream.id)) return;
    stream.remoteClosed = true;
    stream.localClosed = true;
    stream.owner = undefined;
    stream.dropQueue();
    this.#writeReset(stream.id, code);
    this.#forget(stream);
    this.planFlush();
  }

  /** Takes room for a part of a message whose end has not come; false when there is none. Negative: gives it back. */
  hold(bytes: number): boolean {
    if (this.#unfinishedBytes + bytes > unfinishedBytesMax && bytes > 0) return false;
    this.#unfinishedBytes += bytes;
    return true;
  }

  /** Sends a PING; `answered` is called when its answer comes. One at a time. */
  ping(answered: () => void): void {
    this.#pingAnswered = answered;
    this.#output.frameHeader(8, frameType.ping, 0, 0);
    this.#output.uint32(0);
    this.#output.uint32(0);
    this.planFlush();
  }

  /** Says that new streams will be refused; `final` once the peer knows. */
  sendGoaway(code: number, debug: string, final: boolean): void {
    if (this.#ended) return;
    this.#goawaySent = true;
    if (final) this.#lastTaken = Math.min(this.#lastTaken, this.#lastPeerStream);
    const last = this.#lastTaken;
    const output = this.#output;
    output.frameHeader(8 + debug.length, frameType.goaway, 0, 0);
    output.uint32(last);
    output.uint32(code);
    for (let i = 0; i < debug.length; i++) output.byte(debug.charCodeAt(i) & 0xff);
    this.planFlush();
    if (final) this.#endIfIdle();
  }

  /** Ends the connection with GOAWAY. */
  fail(code: number, reason: string): void {
    if (this.#ended) return;
    this.sendGoaway(code, reason, true);
    this.#flushNow();
    this.#shut(reason);
    this.#hangUp();
  }

  /** Breaks the connection without a word. */
  destroy(reason: string): void {
    this.#shut(reason);
    this.transport.destroy();
  }

  /** Writes what has been produced: now when nothing is under way, at the end of the turn otherwise. */
  flush(): void {
    if (this.#inTurn) return;
    this.#flushNow();
  }

  planFlush(): void {
    if (this.#flushPlanned || this.#inTurn) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.#flushNow();
    });
  }

  #flushNow(): void {
    if (this.#output.length > 0 && !this.#ended) this.#output.flush();
  }

  /** One frame of each stream in line, round and round, while there is room. */
  #sendLine(): void {
    let stuck = 0;
    while (this.#line.length > stuck && this.mayWrite) {
      const stream = this.#line.shift()!;
      if (!stream.hasQueued) {
        stream.inLine = false;
        continue;
      }
      const allDone = stream.flushQueue();
      if (allDone) {
        stream.inLine = false;
        if (stream.localClosed) this.streamSent(stream);
        else stream.owner?.drained();
      } else if (stream.sendWindow <= 0) {
        // Its next WINDOW_UPDATE puts it in line again.
        stream.inLine = false;
      } else {
        this.#line.push(stream);
        if (this.#sendWindow <= 0) stuck++;
      }
    }
    if (!this.#inTurn && this.#output.length > 0) this.planFlush();
  }

  #windowUpdate(id: number, increment: number): void {
    this.#output.frameHeader(4, frameType.windowUpdate, 0, id);
    this.#output.uint32(increment);
    this.#controlSent();
  }

  #writeReset(id: number, code: number): void {
    this.#output.frameHeader(4, frameType.rstStream, 0, id);
    this.#output.uint32(code);
    this.#resetStreams.add(id);
    if (this.#resetStreams.size > resetStreamsRemembered) {
      for (const oldest of this.#resetStreams) {
        this.#resetStreams.delete(oldest);
        break;
      }
    }
    this.#controlSent();
  }

  #controlSent(): void {
    if (this.#output.length > controlBytesMax) this.#flushNow();
    this.#controlBytes = this.#blocked ? this.#controlBytes + frameHeaderBytes + 8 : 0;
    if (this.#controlBytes > controlBytesMax) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'the peer does not read the answers it asks for');
    }
  }

  #forgetIfClosed(stream: Http2Stream): void {
    if (stream.remoteClosed && stream.localClosed && !stream.hasQueued) this.#forget(stream);
  }

  #forget(stream: Http2Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.#events.streamClosed?.();
    if (this.#goawaySent) this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.streams.size > 0 || this.#ended || this.#lastTaken === streamIdMax) return;
    this.#flushNow();
    this.#shut('the connection was drained');
    this.#hangUp();
  }

  #shut(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.isClosed = true;
    this.#blockParts = undefined;
    for (const stream of this.streams.values()) this.#breakStream(stream, errorCode.cancel, reason);
    this.#line.length = 0;
    this.#events.closed(reason);
  }

  /** Half closes. A peer that reads nothing and closes nothing is not waited for. */
  #hangUp(): void {
    this.transport.end();
    this.#lingerTimer = this.#clock.setTimer(lingerMillis, () => this.transport.destroy());
  }
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocolError, message);
}
