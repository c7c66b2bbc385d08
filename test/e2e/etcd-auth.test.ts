import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import { drydockServes, EtcdProcess, findTool, missingTool, type Flavour } from './etcd-process.ts';
import { etcdctl } from './etcd-tools.ts';

/**
 * Users by certificate and by signed token, over TLS, with etcdctl. The same expectations hold for a real etcd, which is asked
 * too where there is one.
 */
const tool = findTool('etcdctl') !== undefined;
if (!tool) missingTool('etcdctl', 'users by certificate and by signed token are not tried over the wire.');
const real = findTool('etcd') !== undefined;
if (!real) missingTool('etcd', 'what is expected of users is not held against a real etcd.');
const flavours: readonly Flavour[] = real ? ['drydock', 'etcd'] : ['drydock'];

describe.skipIf(!tool || !drydockServes()).each(flavours)(
  'users of %s with mutual TLS and JWT',
  (flavour) => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-auth-'));
    const file = (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    };
    let member: EtcdProcess;
    let ca = '';
    const certificates = new Map<string, readonly string[]>();

    beforeAll(async () => {
      const authority = await createAuthority(folder);
      ca = file('ca.pem', authority.certificatePem);
      for (const name of ['root', 'alice']) {
        const own = await issueCertificate(authority, { commonName: name, organizations: [], hosts: [] });
        certificates.set(name, [
          `--cert=${file(`${name}.crt`, own.cert)}`,
          `--key=${file(`${name}.key`, own.key)}`,
        ]);
      }
      const server = await issueCertificate(authority, {
        commonName: 'server',
        organizations: [],
        hosts: ['127.0.0.1'],
      });
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      });
      const keys = `pub-key=${file('jwt.pub', publicKey)},priv-key=${file('jwt.key', privateKey)}`;
      member = await EtcdProcess.start({
        flavour,
        scheme: 'https',
        flags: [
          `--cert-file=${file('server.crt', server.cert)}`,
          `--key-file=${file('server.key', server.key)}`,
          `--trusted-ca-file=${ca}`,
          '--client-cert-auth',
          `--auth-token=jwt,${keys},sign-method=RS256,ttl=5m`,
          '--bcrypt-cost=4',
        ],
      });
      for (const command of [
        'user add root:secret',
        'user grant-role root root',
        'user add alice --no-password',
        'role add r',
        'role grant-permission r readwrite k',
        'user grant-role alice r',
        'auth enable',
      ]) {
        expect(await as('root', command)).toMatchObject({ code: 0 });
      }
    });

    afterAll(async () => {
      await member?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const as = (certificate: string, command: string): ReturnType<typeof etcdctl> =>
      etcdctl(member, `--cacert=${ca}`, ...certificates.get(certificate)!, ...command.split(' '));

    it('knows them by the name in their certificate, and lets them do what they may', async () => {
      expect(await as('alice', 'put k v')).toMatchObject({ stdout: 'OK\n' });
      expect(await as('alice', 'get k')).toMatchObject({ stdout: 'k\nv\n' });
      expect((await as('alice', 'get k --from-key')).output).toContain('etcdserver: permission denied');
      expect((await as('alice', 'role list')).output).toContain('etcdserver: permission denied');
      expect(await as('root', 'role list')).toMatchObject({ stdout: 'r\n' });
    });

    it('takes a token before a certificate', async () => {
      expect(await as('alice', '--user=root:secret user list')).toMatchObject({ stdout: 'alice\nroot\n' });
      expect((await as('alice', '--user=root:wrong user list')).output).toContain(
        'etcdserver: authentication failed, invalid user ID or password',
      );
      expect((await as('root', '--user=alice:x get k')).output).toContain(
        'auth: authentication failed, password was given for no password user',
      );
    });

    it('shows a watch no key beyond those that may be read', async () => {
      const { output } = await as('alice', 'watch k z');
      expect(output).toContain('etcdserver: permission denied');
    });
  },
);
