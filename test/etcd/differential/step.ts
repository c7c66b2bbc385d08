import type { Fields } from './wire.ts';

/**
 * What a sequence is made of: plain data, the same for both servers, so that it can be printed, kept and played again.
 *
 * A `{ ref: 'name', plus: n }` in a request stands for a value that each server gave by itself: what `bind` took out of an
 * earlier answer, or `revision`, the newest revision that any answer has shown. With `least` it is no less than that.
 */
export type Step =
  | UnaryStep
  /** Waits for a call that was started with `background`. */
  | { readonly join: string }
  | { readonly open: string; readonly method: string; readonly as?: string; readonly metadata?: Metadata }
  /** Server-streaming calls take their one request in `open`'s place: they are opened, sent and half-closed. */
  | { readonly send: string; readonly request: Fields; readonly raw?: string }
  | { readonly halfClose: string }
  | { readonly cancel: string }
  /** Compares what all streams have brought so far, once both servers have been quiet for `quietMillis`. */
  | { readonly settle: true; readonly quietMillis?: number }
  | HttpStep
  | { readonly sleepMillis: number }
  /** Kills both servers and starts them again on their data. */
  | { readonly restart: 'SIGTERM' | 'SIGKILL' };

export type Metadata = Readonly<Record<string, string>>;

export interface UnaryStep {
  /** `KV.Put`; a path beginning with `/` is called as it is, with `raw`. */
  readonly call: string;
  readonly request?: Fields;
  /** Bytes after the request's own, or instead of it: unknown fields, damage. */
  readonly raw?: string;
  /** The user whose token goes along, from an `Auth.Authenticate` with `login`. */
  readonly as?: string;
  readonly login?: string;
  readonly metadata?: Metadata;
  readonly timeoutMillis?: number;
  readonly background?: string;
  /** Name → path into the answer, such as `{ lease: 'ID', first: 'members.0.ID' }`. */
  readonly bind?: Readonly<Record<string, string>>;
}

export interface HttpStep {
  readonly http: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  /** Text as it is, or data for JSON. */
  readonly body?: unknown;
  readonly as?: string;
  readonly headers?: Metadata;
  /** Of a streamed answer: this many lines, then the connection is closed. */
  readonly lines?: number;
}
