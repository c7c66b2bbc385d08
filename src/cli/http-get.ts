import { NetworkError } from '../platform/errors.ts';
import type { Address } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** GETs a small document. @throws NetworkError */
export async function httpGet(
  platform: Platform,
  address: Address,
  path: string,
  options: { readonly tls: 'mutual' | 'none'; readonly timeoutMillis: number },
): Promise<HttpAnswer> {
  const request = { method: 'GET', path, headers: { connection: 'close' }, body: new Uint8Array(0) };
  const { status, body } = await platform.network.http.request(address, request, options);
  if (body instanceof Uint8Array) return { status, text: Buffer.from(body).toString() };
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return { status, text: Buffer.concat(chunks).toString() };
}

/** The same, or undefined when nobody answers. */
export async function tryHttpGet(...parameters: Parameters<typeof httpGet>): Promise<HttpAnswer | undefined> {
  try {
    return await httpGet(...parameters);
  } catch (error) {
    if (error instanceof NetworkError) return undefined;
    throw error;
  }
}
