import type { Clock } from '../../platform/clock.ts';
import type { OpenTokenSigner } from '../../platform/credentials.ts';
import type { Random } from '../../platform/random.ts';
import { SignedTokens } from './signed-tokens.ts';
import { SimpleTokens, type TokenMember } from './simple-tokens.ts';
import type { TokenProvider } from './token-provider.ts';

const jwtTtlSecondsDefault = 300;

export interface TokenOptions {
  /** etcd's `--auth-token`: `simple`, or `jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256,ttl=5m`. */
  readonly authToken: string;
  /** Of simple tokens. */
  readonly ttlSeconds: number;
  /** The text of a key's file. Throws a sentence. */
  readonly readFile: (path: string) => string;
  /** Absent where tokens cannot be signed: then only `simple` is known. */
  readonly openSigner?: OpenTokenSigner;
}

/** What is wrong with `--auth-token`, in a sentence. */
export class TokenOptionsError extends Error {
  override readonly name = 'TokenOptionsError';
}

/** The tokens that `options.authToken` asks for. @throws TokenOptionsError; what `readFile` throws */
export async function openTokenProvider(
  member: TokenMember,
  platform: { readonly clock: Clock; readonly random: Random },
  options: TokenOptions,
): Promise<TokenProvider> {
  const [type = '', ...pairs] = options.authToken.split(',');
  const settings = readPairs(options.authToken, pairs);
  if (type === 'simple') return new SimpleTokens(member, platform, options.ttlSeconds);
  if (type !== 'jwt' || options.openSigner === undefined) {
    throw new TokenOptionsError(
      `auth: invalid auth options: ${type || 'nothing'} is no type of token; write simple or jwt`,
    );
  }
  const read = (name: string): string | undefined => {
    const path = settings.get(name);
    return path === undefined || path === '' ? undefined : options.readFile(path);
  };
  const keys = { publicKey: read('pub-key'), privateKey: read('priv-key') };
  const signer = await options
    .openSigner({ signMethod: settings.get('sign-method') ?? '', ...keys })
    .catch((error: Error) => {
      throw new TokenOptionsError(error.message, { cause: error });
    });
  return new SignedTokens(signer, platform.clock, ttlSeconds(settings.get('ttl')));
}

function readPairs(text: string, pairs: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const pair of pairs) {
    const [name = '', value, ...rest] = pair.split('=');
    if (value === undefined || rest.length > 0) {
      throw new TokenOptionsError(`auth: invalid auth options: ${pair} in ${text} is not NAME=VALUE`);
    }
    if (settings.has(name))
      throw new TokenOptionsError(`auth: invalid auth options: ${name} is given twice in ${text}`);
    settings.set(name, value);
  }
  return settings;
}

const secondsOfUnit: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
  us: 1e-6,
  ns: 1e-9,
};

/** Go's notation of a duration: `5m`, `1h30m`. */
function ttlSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return jwtTtlSecondsDefault;
  if (!/^(\d+(\.\d+)?(h|ms|m|us|ns|s))+$/.test(text)) {
    throw new TokenOptionsError(`auth: invalid auth options: ttl=${text} is no duration; write 5m, or 1h30m`);
  }
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)/g)) {
    seconds += Number(count) * secondsOfUnit[unit!]!;
  }
  return seconds;
}
