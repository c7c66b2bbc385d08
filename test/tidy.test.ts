import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The house rules that a machine can check: who may import whom, and what may not be touched above
 * platform/. Each failure says what to do instead. `import type` counts as an import.
 */

const root = resolve(import.meta.dirname, '..');

/** Folder → the folders it may import from (itself and base/ are always allowed). */
const allowed: Readonly<Record<string, readonly string[] | 'everything'>> = {
  'src/base': [],
  'src/platform': [],
  'src/platform/os': ['src/platform', 'src/mvcc'],
  'src/raft': [],
  'src/mvcc': [],
  'src/api': [],
  'src/wal': ['src/platform'],
  'src/grpc': ['src/platform'],
  'src/etcd': ['src/raft', 'src/wal', 'src/mvcc', 'src/grpc', 'src/platform'],
  'src/apiserver': ['src/etcd', 'src/api', 'src/platform'],
  'src/client': ['src/api', 'src/platform'],
  'src/scheduler': ['src/client', 'src/api', 'src/platform'],
  'src/controllers': ['src/client', 'src/api', 'src/platform'],
  'src/kubelet': ['src/client', 'src/api', 'src/platform'],
  'src/proxy': ['src/client', 'src/api', 'src/platform'],
  'src/cli': 'everything',
  sim: [
    'src/platform',
    'src/raft',
    'src/mvcc',
    'src/api',
    'src/wal',
    'src/grpc',
    'src/etcd',
    'src/apiserver',
    'src/client',
    'src/scheduler',
    'src/controllers',
    'src/kubelet',
    'src/proxy',
  ],
  bench: 'everything',
};

/** Places that may import node:* modules and touch the real world. */
const rim = new Set(['src/platform/os', 'src/cli', 'bench']);

/** Packages a folder above the rim may use; each is pure or runs the same in both worlds. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'src/etcd': ['@noble/hashes', 'bcryptjs', 'msgpackr'],
  'src/api': ['yaml'],
  sim: ['seedrandom', 'ajv', 'yaml'],
};

/** apiserver sees only the EtcdClient of etcd/, and what its interface is made of. */
const etcdSeenByApiServer = new Set(['src/etcd/client.ts', 'src/etcd/errors.ts']);

const banned: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)|(?<![.\w])Date\(\)/, 'use platform.clock'],
  [/\bMath\.random\b/, 'use platform.random'],
  [/(?<![.\w])(setTimeout|setInterval|setImmediate)\b/, 'use platform.clock.setTimer or sleep'],
  [/\bprocess\./, 'the rim (cli/, platform/os) reads the process; take what you need as an option'],
  [/\bperformance\.|\bcrypto\./, 'use platform.clock or platform.random'],
  [/\bBuffer\b/, 'use Uint8Array and base/bytes.ts'],
  [/\bconsole\./, 'use platform.logger'],
  [
    /\blocaleCompare\b|\bIntl\.|\.toLocale/,
    'use compareStrings of base/order.ts: locales differ between hosts',
  ],
  [/\bWeakRef\b|\bFinalizationRegistry\b/, 'garbage collection has no defined order'],
  [/\bexport default\b/, 'export a name'],
];

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .toSorted();
}

function folderOf(file: string): string {
  const names = Object.keys(allowed).filter((folder) => file.startsWith(`${folder}/`));
  return names.toSorted((a, b) => b.length - a.length)[0] ?? '';
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from\s+|import\s+|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
}

export function problemsOf(file: string, text: string): string[] {
  const folder = folderOf(file);
  const rule = allowed[folder];
  if (rule === undefined)
    return [`${file} is in a folder that test/tidy.test.ts does not know: add it to the table`];
  const problems: string[] = [];
  const atRim = rim.has(folder);
  const code = withoutComments(text);
  for (const specifier of importsOf(code)) {
    if (specifier.startsWith('.')) {
      const target = relative(root, resolve(root, dirname(file), specifier))
        .split(sep)
        .join('/');
      const targetFolder = folderOf(target);
      if (targetFolder === folder || targetFolder === 'src/base' || rule === 'everything') continue;
      if (!rule.includes(targetFolder)) {
        problems.push(`${file} imports ${target}: ${folder} may only see ${['base', ...rule].join(', ')}`);
      } else if (
        folder === 'src/apiserver' &&
        targetFolder === 'src/etcd' &&
        !etcdSeenByApiServer.has(target)
      ) {
        problems.push(`${file} imports ${target}: the API server knows the store only as an EtcdClient`);
      }
    } else if (specifier.startsWith('node:')) {
      if (!atRim)
        problems.push(`${file} imports ${specifier}: only platform/os and cli may; take a Platform instead`);
    } else if (
      !atRim &&
      !(packages[folder] ?? []).includes(
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      )
    ) {
      problems.push(
        `${file} imports the package ${specifier}: add it to the table in test/tidy.test.ts with a reason`,
      );
    }
  }
  if (!atRim) {
    for (const [pattern, remedy] of banned) {
      const line = code.split('\n').find((candidate) => pattern.test(candidate));
      if (line !== undefined) problems.push(`${file}: \`${line.trim()}\`: ${remedy}`);
    }
  }
  return problems;
}

describe('tidy', () => {
  for (const file of [...filesBelow('src'), ...filesBelow('sim'), ...filesBelow('bench')]) {
    it(file, () => {
      expect(problemsOf(file, readFileSync(join(root, file), 'utf8'))).toEqual([]);
    });
  }

  it('finds what is planted', () => {
    expect(problemsOf('src/raft/planted.ts', "import { Store } from '../mvcc/store.ts';")).toHaveLength(1);
    expect(problemsOf('src/raft/planted.ts', "import { readFile } from 'node:fs';")).toHaveLength(1);
    expect(problemsOf('src/raft/planted.ts', 'const now = Date.now();')).toHaveLength(1);
    expect(
      problemsOf('src/apiserver/planted.ts', "import { Member } from '../etcd/member.ts';"),
    ).toHaveLength(1);
    expect(problemsOf('src/raft/planted.ts', '// Date.now() is mentioned only')).toEqual([]);
  });
});
