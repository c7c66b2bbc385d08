import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { Callers } from '../../../src/etcd/auth/callers.ts';
import { inlineBcrypt } from '../../../src/etcd/auth/inline-bcrypt.ts';
import { Passwords } from '../../../src/etcd/auth/passwords.ts';
import { SignedTokens } from '../../../src/etcd/auth/signed-tokens.ts';
import { SimpleTokens } from '../../../src/etcd/auth/simple-tokens.ts';
import { openTokenProvider } from '../../../src/etcd/auth/token-options.ts';
import { type EtcdError, timeoutError } from '../../../src/etcd/errors.ts';
import type { GrpcMethod, ServerCall, StreamingMethod, UnaryMethod } from '../../../src/grpc/service.ts';
import type { GrpcStatus } from '../../../src/grpc/status.ts';
import { type AuthInfo, AuthStore } from '../../../src/mvcc/auth/auth-store.ts';
import { MemoryBackend } from '../../../src/mvcc/memory-backend.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { createBcrypt } from '../../../src/platform/os/os-bcrypt.ts';
import { OsRandom } from '../../../src/platform/os/os-random.ts';
import { openTokenSigner } from '../../../src/platform/os/os-token-signer.ts';
import type { Index } from '../../../src/raft/types.ts';

class HandClock implements Clock {
  millis = 1_700_000_000_000;
  wallMillis(): number {
    return this.millis;
  }
  monotonicMillis(): number {
    return this.millis;
  }
  setTimer(): never {
    throw new Error('no timers here');
  }
  sleep(): never {
    throw new Error('no sleep here');
  }
}

/** A member that applies what it is told, and catches up when it is read linearizably. */
class FakeMember {
  auth = new AuthStore(new MemoryBackend());
  applied = 0 as Index;
  reads = 0;
  quorum = true;
  behind: (() => void)[] = [];

  constructor() {
    this.apply({ type: 'user-add', name: 'root', passwordHash: '', noPassword: false });
    this.apply({ type: 'user-grant-role', name: 'root', role: 'root' });
    this.apply({ type: 'enable' });
  }

  apply(request: Parameters<AuthStore['apply']>[0]): string {
    this.applied = (this.applied + 1) as Index;
    const result = this.auth.apply(request, this.applied);
    return result.ok ? result.value.token : result.error;
  }

  linearizableRead(): Promise<void> {
    this.reads++;
    if (!this.quorum) return Promise.reject(timeoutError());
    for (const apply of this.behind.splice(0)) apply();
    return Promise.resolve();
  }
}

function setUp(ttlSeconds = 300): {
  clock: HandClock;
  member: FakeMember;
  tokens: SimpleTokens;
  get(): string;
} {
  const clock = new HandClock();
  const member = new FakeMember();
  const tokens = new SimpleTokens(member, { clock, random: new OsRandom() }, ttlSeconds);
  const get = (): string =>
    member.apply({ type: 'authenticate', name: 'root', tokenPrefix: tokens.prefix() });
  return { clock, member, tokens, get };
}

describe('simple tokens', () => {
  test('have etcd’s form and live 300 s after their last use', async () => {
    const { clock, member, tokens, get } = setUp();
    const token = get();
    expect(token).toMatch(/^[a-zA-Z]{16}\.4$/);
    expect(tokens.identify(token)).toEqual({ username: 'root', authRevision: member.auth.revision });
    clock.millis += 299_000;
    expect(tokens.identify(token)).toBeDefined();
    clock.millis += 299_000;
    expect(tokens.identify(token)).toBeDefined();
    clock.millis += 300_000;
    expect(tokens.identify(token)).toBeUndefined();
    expect(tokens.size).toBe(0);
  });

  test('another member’s token is good as soon as its entry is applied here; a made-up one is not', async () => {
    const { member, tokens } = setUp();
    expect(tokens.identify('nonsense')).toBeUndefined();
    expect(tokens.identify('made.up.5')).toBeUndefined();
    expect(
      tokens.identify('madeup.1'),
      'its entry was applied here and gave out something else',
    ).toBeUndefined();
    expect(member.reads).toBe(0);
    member.behind.push(() => member.apply({ type: 'authenticate', name: 'root', tokenPrefix: 'elsewhere' }));
    expect(await tokens.identify('elsewhere.4')).toMatchObject({ username: 'root' });
    expect(await tokens.identify('madeup.999')).toBeUndefined();
  });

  test('end with the user’s password, with auth, and with another state', () => {
    const { member, tokens, get } = setUp();
    const ended = [get()];
    member.apply({ type: 'user-change-password', name: 'root', passwordHash: '' });
    ended.push(get());
    member.apply({ type: 'disable' });
    member.apply({ type: 'enable' });
    ended.push(get());
    member.auth = new AuthStore(new MemoryBackend());
    expect(ended.map((token) => tokens.identify(token))).toEqual([undefined, undefined, undefined]);
  });
});

describe('signed tokens', () => {
  const pem = { type: 'spki', format: 'pem' } as const;
  const privatePem = { type: 'pkcs8', format: 'pem' } as const;
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: pem,
    // As `openssl genrsa -traditional` writes it.
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const ec = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: pem,
    privateKeyEncoding: privatePem,
  });
  const ed = generateKeyPairSync('ed25519', { publicKeyEncoding: pem, privateKeyEncoding: privatePem });

  test.each([
    ['RS256', rsa],
    ['PS384', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
    ['HS256', { publicKey: undefined, privateKey: 'a secret of thirty-two bytes, at least' }],
  ])('%s: sign, verify, carry user and revision', async (signMethod, { publicKey, privateKey }) => {
    const clock = new HandClock();
    clock.millis = Date.now();
    const signer = await openTokenSigner({ signMethod, publicKey, privateKey });
    const tokens = new SignedTokens(signer, clock, 300);
    const token = await tokens.issue('alice', 7);
    expect(await tokens.identify(token)).toMatchObject({ username: 'alice', authRevision: 7 });
    expect(tokens.identify(token), 'remembered').toMatchObject({ username: 'alice' });
    expect(await tokens.identify(`${token}x`)).toBeUndefined();
    expect(await tokens.identify('no.token.atall')).toBeUndefined();
    const [header, , signature] = token.split('.');
    const forged = btoa(JSON.stringify({ username: 'root', revision: 7, exp: 9_999_999_999 })).replaceAll(
      '=',
      '',
    );
    expect(await tokens.identify(`${header}.${forged}.${signature}`)).toBeUndefined();
    expect(JSON.parse(atob(header!))).toEqual({ alg: signMethod, typ: 'JWT' });
  });

  test('an expired token, and one of another algorithm, stand for nobody', async () => {
    const clock = new HandClock();
    clock.millis = Date.now() - 600_000;
    const signer = await openTokenSigner({
      signMethod: 'RS256',
      publicKey: undefined,
      privateKey: rsa.privateKey,
    });
    const old = await new SignedTokens(signer, clock, 300).issue('alice', 7);
    clock.millis = Date.now();
    expect(await new SignedTokens(signer, clock, 300).identify(old)).toBeUndefined();
    const other = await openTokenSigner({
      signMethod: 'PS256',
      publicKey: undefined,
      privateKey: rsa.privateKey,
    });
    const token = await new SignedTokens(signer, clock, 300).issue('alice', 7);
    expect(await new SignedTokens(other, clock, 300).identify(token)).toBeUndefined();
    // A public key taken for a secret: the classic confusion.
    const confused = await openTokenSigner({
      signMethod: 'HS256',
      publicKey: undefined,
      privateKey: rsa.publicKey,
    });
    const forged = await new SignedTokens(confused, clock, 300).issue('root', 7);
    expect(await new SignedTokens(signer, clock, 300).identify(forged)).toBeUndefined();
  });

  test('what is wrong with the keys is said at the start', async () => {
    const none = undefined;
    await expect(openTokenSigner({ signMethod: 'XX', publicKey: none, privateKey: none })).rejects.toThrow(
      'invalid auth signature method: XX',
    );
    await expect(openTokenSigner({ signMethod: 'RS256', publicKey: none, privateKey: none })).rejects.toThrow(
      'missing key data',
    );
    await expect(
      openTokenSigner({ signMethod: 'ES256', publicKey: rsa.publicKey, privateKey: ec.privateKey }),
    ).rejects.toThrow("don't match");
    await expect(
      openTokenSigner({ signMethod: 'ES256', publicKey: none, privateKey: rsa.privateKey }),
    ).rejects.toThrow();
    await expect(openTokenSigner({ signMethod: 'RS256', publicKey: 'x', privateKey: none })).rejects.toThrow(
      'pub-key holds no key',
    );
    const verifyOnly = await openTokenSigner({
      signMethod: 'RS256',
      publicKey: rsa.publicKey,
      privateKey: none,
    });
    await expect(new SignedTokens(verifyOnly, new HandClock(), 1).issue('a', 1)).rejects.toMatchObject({
      code: 'unknown',
      message: 'auth: token signing attempted with verify-only key',
    });
  });

  test('--auth-token', async () => {
    const member = new FakeMember();
    const platform = { clock: new HandClock(), random: new OsRandom() };
    const open = (authToken: string): Promise<unknown> =>
      openTokenProvider(member, platform, {
        authToken,
        ttlSeconds: 300,
        readFile: (path) => (path === 'k' ? rsa.privateKey : rsa.publicKey),
        openSigner: openTokenSigner,
      });
    expect(await open('simple')).toBeInstanceOf(SimpleTokens);
    expect(await open('jwt,pub-key=p,priv-key=k,sign-method=RS256,ttl=1h30m')).toBeInstanceOf(SignedTokens);
    await expect(open('jwt,pub-key=p')).rejects.toThrow('invalid auth signature method');
    await expect(open('jwt,pub-key')).rejects.toThrow('pub-key in jwt,pub-key is not NAME=VALUE');
    await expect(open('jwt,ttl=1m,ttl=2m')).rejects.toThrow('ttl is given twice');
    await expect(open('jwt,priv-key=k,sign-method=RS256,ttl=soon')).rejects.toThrow(
      'ttl=soon is no duration',
    );
    await expect(open('magic')).rejects.toThrow('magic is no type of token');
  });
});

describe('passwords', () => {
  const passwords = new Passwords(inlineBcrypt, new OsRandom(), 4);

  test('a hash fits its password only, and no two hashes are the same', async () => {
    const hash = await passwords.hash('geheim é');
    expect(hash).toMatch(/^\$2a\$04\$[./A-Za-z0-9]{53}$/);
    expect(await passwords.hash('geheim é')).not.toBe(hash);
    expect(await passwords.matches('geheim é', hash)).toBe(true);
    expect(await passwords.matches('geheim e', hash)).toBe(false);
    expect(await passwords.matches('', '')).toBe(false);
    expect(await passwords.matches('', await passwords.hash(''))).toBe(true);
  });

  test('a hash of Go’s fits', async () => {
    // From golang.org/x/crypto/bcrypt's tests: the password is "allmine".
    const hash = '$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga';
    expect(await passwords.matches('allmine', hash)).toBe(true);
  });

  test('72 bytes and no more', async () => {
    await passwords.hash('x'.repeat(72));
    await expect(passwords.hash('é'.repeat(37))).rejects.toMatchObject({
      code: 'unknown',
      message: 'bcrypt: password length exceeds 72 bytes',
    } satisfies Partial<EtcdError>);
  });

  test('the host’s bcrypt is the same, on a thread that leaves this one free', async () => {
    const bcrypt = createBcrypt();
    const salt = '$2a$08$XajjQvNhvvRt5GSeFk1xFe';
    expect(await bcrypt('allmine', salt)).toBe(await inlineBcrypt('allmine', salt));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await bcrypt('allmine', '$2a$11$XajjQvNhvvRt5GSeFk1xFe');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    await expect(bcrypt('x', 'no salt')).rejects.toThrow();
  });
});

describe('who calls', () => {
  const { member, tokens, get } = setUp();
  const ask = (
    metadata: Readonly<Record<string, string>>,
    user: string | undefined,
    byCertificate = true,
  ): AuthInfo | string | undefined => {
    const callers = new Callers(member, tokens, byCertificate);
    try {
      return callers.authenticate({
        metadata: { get: (name) => metadata[name] },
        identity: user === undefined ? undefined : { user, groups: [] },
      });
    } catch (error) {
      return (error as EtcdError).message;
    }
  };

  test('by token, else by certificate where clients must have one, and at the gateway never by that', () => {
    const root = { username: 'root', authRevision: member.auth.revision };
    const cn = { username: 'cn', authRevision: member.auth.revision };
    expect(ask({ token: get() }, 'cn')).toEqual(root);
    expect(ask({ authorization: get() }, undefined)).toEqual(root);
    expect(ask({ token: 'bad' }, 'cn')).toBe('etcdserver: invalid auth token');
    expect(ask({}, 'cn')).toEqual(cn);
    expect(ask({}, 'cn', false)).toBeUndefined();
    expect(ask({ 'grpcgateway-accept': '*/*' }, 'cn')).toBeUndefined();
    expect(ask({}, undefined)).toBeUndefined();
    member.apply({ type: 'disable' });
    expect(ask({ token: 'bad' }, 'cn'), 'nobody is asked while auth is off').toBeUndefined();
  });

  test('a call waits until its token is known here, with all that it brings', async () => {
    const { member: behind, tokens: its } = setUp();
    const callers = new Callers(behind, its, false);
    const heard: string[] = [];
    const who = (call: ServerCall): string => {
      try {
        return callers.authenticate(call)?.username ?? 'nobody';
      } catch (error) {
        return (error as EtcdError).message;
      }
    };
    const methods = callers.admit(
      new Map<string, GrpcMethod>([
        ['/unary', { handle: (request, call) => heard.push(`${who(call)} ${request.length}`) }],
        [
          '/stream',
          {
            open: (call) => ({
              message: (bytes) => heard.push(`${who(call)} ${bytes.length}`),
              halfClosed: () => heard.push('end'),
              cancelled: () => heard.push('cancelled'),
              drained: () => heard.push('drained'),
            }),
          },
        ],
      ]),
    );
    const call = (token: string): ServerCall =>
      ({
        metadata: { get: (name: string) => (name === 'token' ? token : undefined) },
        identity: undefined,
        fail: ({ code, message }: GrpcStatus) => heard.push(`${code} ${message}`),
        end: (status: GrpcStatus) => heard.push(`end ${status.code} ${status.message}`),
      }) as unknown as ServerCall;
    behind.behind.push(() => behind.apply({ type: 'authenticate', name: 'root', tokenPrefix: 'elsewhere' }));
    const unaryMethod = methods.get('/unary') as UnaryMethod;
    const stream = methods.get('/stream') as StreamingMethod;
    const events = stream.open(call('elsewhere.4'));
    events.message(new Uint8Array(1));
    events.message(new Uint8Array(2));
    events.halfClosed();
    unaryMethod.handle(new Uint8Array(3), call('elsewhere.4'));
    unaryMethod.handle(new Uint8Array(4), call('madeup.999'));
    stream.open(call('madeup.999')).cancelled('gone');
    expect(heard).not.toContain('root 1');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toEqual(['root 3', 'root 1', 'root 2', 'end', 'etcdserver: invalid auth token 4']);

    // Nobody can find out: that is said, and of a failure that nobody hears of the process would end.
    behind.quorum = false;
    heard.length = 0;
    unaryMethod.handle(new Uint8Array(5), call('madeup.999'));
    stream.open(call('madeup.999')).message(new Uint8Array(6));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toEqual(['14 etcdserver: request timed out', 'end 14 etcdserver: request timed out']);
    expect(who(call('madeup.999'))).toBe('etcdserver: invalid auth token');
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
