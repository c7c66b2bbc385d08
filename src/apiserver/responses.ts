import type { ApiError, Status } from '../api/status.ts';
import { encodeUtf8 } from '../base/bytes.ts';
import type { HttpResponse } from '../platform/http.ts';

/** A body longer than this is sent in chunks, so that no list is one giant string. */
const chunkCharacters = 64 * 1024;

/** What a handler answers; the server adds what every response has. */
type Headers = Readonly<Record<string, string>>;

export const jsonType = 'application/json';

/** People read with these; programs do not (kube's isPrettyPrint). */
const prettyAgents = ['curl', 'Wget', 'Mozilla/5.0'];

/** Whether the client is to get JSON that people can read. */
export function wantsPretty(query: URLSearchParams, userAgent?: string, accept?: string): boolean {
  const asked = query.get('pretty') ?? /;\s*pretty=([^;,]*)/.exec(accept ?? '')?.[1] ?? null;
  if (asked !== null) return asked === '' || asked === 'true' || asked === '1';
  return prettyAgents.some((agent) => (userAgent ?? '').startsWith(agent));
}

/** Compact with a newline at the end, or in two-space lines without one. */
export function jsonText(value: unknown, pretty: boolean): string {
  return pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`;
}

export function jsonResponse(
  status: number,
  value: unknown,
  pretty: boolean,
  headers: Headers = {},
): HttpResponse {
  return {
    status,
    headers: { 'content-type': jsonType, ...headers },
    body: encodeUtf8(jsonText(value, pretty)),
  };
}

export function textResponse(status: number, text: string, headers: Headers = {}): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: encodeUtf8(text),
  };
}

export function errorResponse(error: ApiError, pretty: boolean): HttpResponse {
  return statusResponse(error.status, pretty);
}

export function statusResponse(status: Status, pretty: boolean): HttpResponse {
  const retryAfter = status.details?.retryAfterSeconds;
  const headers: Headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return jsonResponse(status.code, status, pretty, headers);
}

/** A body of `pieces` of text: at once when it is short, in chunks when it is long. */
export function textBody(pieces: readonly string[]): HttpResponse['body'] {
  let characters = 0;
  for (const piece of pieces) characters += piece.length;
  if (characters <= chunkCharacters) return encodeUtf8(pieces.join(''));
  return chunksOf(pieces);
}

async function* chunksOf(pieces: readonly string[]): AsyncGenerator<Uint8Array, void> {
  let chunk: string[] = [];
  let characters = 0;
  for (const piece of pieces) {
    chunk.push(piece);
    characters += piece.length;
    if (characters < chunkCharacters) continue;
    yield encodeUtf8(chunk.join(''));
    chunk = [];
    characters = 0;
  }
  if (chunk.length > 0) yield encodeUtf8(chunk.join(''));
}
