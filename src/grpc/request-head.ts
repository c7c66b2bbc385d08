import type { HeaderBlock } from './header-block.ts';
import { BlockMetadata, type Metadata } from './metadata.ts';

/** What a server reads out of the header block that opens a stream. Derived once per distinct block. */
export interface RequestHead {
  /** Why this is no HTTP/2 request (RFC 9113 §8.3). */
  readonly malformed: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly isGrpc: boolean;
  /** The message compression the client uses: `identity` or none. */
  readonly encoding: string;
  /** `undefined`: no limit. `malformed`: the header is none. */
  readonly timeoutMillis: number | undefined | 'malformed';
  readonly metadata: Metadata;
}

export function requestHead(block: HeaderBlock): RequestHead {
  if (block.derived === undefined) block.derived = parse(block);
  return block.derived as RequestHead;
}

function parse(block: HeaderBlock): RequestHead {
  const path = block.get(':path') ?? '';
  const contentType = block.get('content-type') ?? '';
  return {
    malformed: problemOf(block.fields),
    method: block.get(':method') ?? '',
    path,
    isGrpc: /^application\/grpc(?:$|[+;])/.test(contentType),
    encoding: block.get('grpc-encoding') ?? 'identity',
    timeoutMillis: parseTimeout(block.get('grpc-timeout')),
    metadata: new BlockMetadata(block),
  };
}

const requestPseudoHeaders: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);
/** RFC 9113 §8.2.2. */
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

function problemOf(fields: readonly string[]): string | undefined {
  const seen = new Set<string>();
  let regular = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.startsWith(':')) {
      if (regular) return 'a pseudo-header follows a regular one';
      if (!requestPseudoHeaders.has(name)) return `unknown pseudo-header ${name}`;
      if (seen.has(name)) return `${name} is given twice`;
      seen.add(name);
      continue;
    }
    regular = true;
    if (name === '' || /[A-Z\s]/.test(name)) return 'a header name is malformed';
    if (connectionHeaders.has(name)) return `${name} has no place in HTTP/2`;
    if (name === 'te' && fields[i + 1] !== 'trailers') return 'te is not trailers';
  }
  if (!seen.has(':method') || !seen.has(':scheme') || !seen.has(':path')) return 'a pseudo-header is missing';
  return undefined;
}

const unitMillis: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** gRPC over HTTP/2, "Timeout": at most eight digits and a unit. */
function parseTimeout(text: string | undefined): number | undefined | 'malformed' {
  if (text === undefined) return undefined;
  const match = /^(\d{1,8})([HMSmun])$/.exec(text);
  return match === null ? 'malformed' : Number(match[1]) * unitMillis[match[2]!]!;
}
