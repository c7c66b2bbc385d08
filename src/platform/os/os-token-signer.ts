import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

import type { TokenKeys, TokenSigner } from '../credentials.ts';

/**
 * JSON Web Tokens by `jose`. Sentences of failures begin with etcd's.
 *
 * @throws Error when a key is missing, damaged or of another kind than the algorithm's, or the two keys are no pair
 */
export async function openTokenSigner(keys: TokenKeys): Promise<TokenSigner> {
  // Most members make no such tokens.
  const { jwtVerify, SignJWT } = await import('jose');
  const { signMethod } = keys;
  if (!/^(RS|PS|ES|HS)(256|384|512)$|^EdDSA$/.test(signMethod)) {
    throw new Error(`auth: invalid auth signature method: ${signMethod || 'none given'}`);
  }
  const { signing, verifying } = signMethod.startsWith('HS') ? secret(keys) : pair(keys);
  const signer: TokenSigner = {
    async sign(claims) {
      if (signing === undefined) throw new Error('auth: token signing attempted with verify-only key');
      return new SignJWT({ ...claims }).setProtectedHeader({ alg: signMethod, typ: 'JWT' }).sign(signing);
    },
    async verify(token) {
      try {
        return (await jwtVerify(token, verifying, { algorithms: [signMethod] })).payload;
      } catch {
        return undefined;
      }
    },
  };
  // A key that does not fit the algorithm is told at the start, not to the first client.
  if (signing !== undefined && (await signer.verify(await signer.sign({ sub: 'probe' }))) === undefined) {
    throw new Error(`auth: what ${signMethod} signs with these keys cannot be verified`);
  }
  return signer;
}

interface Signing {
  readonly signing: KeyObject | undefined;
  readonly verifying: KeyObject;
}

function secret({ privateKey }: TokenKeys): Signing {
  if (privateKey === undefined || privateKey === '') throw new Error('auth: missing key data: no priv-key');
  const key = createSecretKey(privateKey, 'utf8');
  return { signing: key, verifying: key };
}

function pair({ publicKey, privateKey }: TokenKeys): Signing {
  const signing =
    privateKey === undefined ? undefined : parse('priv-key', () => createPrivateKey(privateKey));
  const given = publicKey === undefined ? undefined : parse('pub-key', () => createPublicKey(publicKey));
  const derived = signing && createPublicKey(signing);
  const verifying = given ?? derived;
  if (verifying === undefined) throw new Error('auth: missing key data: neither pub-key nor priv-key');
  if (given !== undefined && derived !== undefined && !given.equals(derived)) {
    throw new Error("auth: public and private keys don't match");
  }
  return { signing, verifying };
}

function parse(option: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (error) {
    throw new Error(`auth: ${option} holds no key in PEM form`, { cause: error });
  }
}
