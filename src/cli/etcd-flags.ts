import { Option, type Command } from 'commander';

import type { AutoCompaction } from '../etcd/auto-compaction.ts';
import type { Address } from '../platform/network.ts';
import { CliError } from './cli-error.ts';
import { integerOption } from './options.ts';

/**
 * etcd's own flags, as far as they mean something here. Every one can also be given as an environment variable, as etcd's can:
 * `--initial-cluster` as ETCD_INITIAL_CLUSTER.
 */
type FlagKind = 'text' | 'switch' | 'duration' | 'count';

interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  readonly help: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  /** A former name, still understood. */
  readonly also?: string;
}

const flags = [
  { name: 'name', kind: 'text', default: 'default', help: "this member's name" },
  { name: 'data-dir', kind: 'text', help: 'its data directory (default NAME.etcd)' },
  {
    name: 'listen-client-urls',
    kind: 'text',
    default: 'http://localhost:2379',
    help: 'where clients are served: gRPC, JSON gateway, /health, /metrics',
  },
  {
    name: 'advertise-client-urls',
    kind: 'text',
    default: 'http://localhost:2379',
    help: 'where clients are told to find it',
  },
  {
    name: 'listen-peer-urls',
    kind: 'text',
    default: 'http://localhost:2380',
    help: 'where other members reach it',
  },
  {
    name: 'initial-advertise-peer-urls',
    kind: 'text',
    default: 'http://localhost:2380',
    help: 'where other members are told to find it',
  },
  {
    name: 'initial-cluster',
    kind: 'text',
    help: 'NAME=URL,… of the first members (default: this one alone)',
  },
  {
    name: 'initial-cluster-state',
    kind: 'text',
    default: 'new',
    choices: ['new', 'existing'],
    help: '`existing` to join as a member that `etcdctl member add` has announced',
  },
  {
    name: 'initial-cluster-token',
    kind: 'text',
    default: 'etcd-cluster',
    help: 'tells clusters apart that are made of the same names',
  },
  { name: 'listen-metrics-urls', kind: 'text', help: 'more addresses for /metrics and /health' },

  { name: 'cert-file', kind: 'text', help: 'certificate shown to clients' },
  { name: 'key-file', kind: 'text', help: 'its private key' },
  { name: 'trusted-ca-file', kind: 'text', help: 'authority that client certificates are checked by' },
  { name: 'client-cert-auth', kind: 'switch', help: 'refuse clients without a certificate' },
  { name: 'peer-cert-file', kind: 'text', help: 'certificate shown to other members' },
  { name: 'peer-key-file', kind: 'text', help: 'its private key' },
  {
    name: 'peer-trusted-ca-file',
    kind: 'text',
    help: "authority that other members' certificates are checked by",
  },
  {
    name: 'peer-client-cert-auth',
    kind: 'switch',
    help: 'refuse members without a certificate (always so with https)',
  },

  {
    name: 'snapshot-count',
    kind: 'count',
    default: '10000',
    help: 'entries between two truncations of the log',
  },
  { name: 'heartbeat-interval', kind: 'count', default: '100', help: 'milliseconds between heartbeats' },
  {
    name: 'election-timeout',
    kind: 'count',
    default: '1000',
    help: 'milliseconds without a leader until an election',
  },
  {
    name: 'quota-backend-bytes',
    kind: 'count',
    default: '0',
    help: 'most live data in bytes (0: 2 GiB; -1: no limit)',
  },
  {
    name: 'auto-compaction-mode',
    kind: 'text',
    default: 'periodic',
    choices: ['periodic', 'revision'],
    help: 'what the retention counts: time or revisions',
  },
  {
    name: 'auto-compaction-retention',
    kind: 'text',
    default: '0',
    help: 'how much history is kept: 5m, 1h (a bare number: hours), or revisions; 0: all of it',
  },
  { name: 'max-txn-ops', kind: 'count', default: '128', help: 'most operations in a transaction' },
  { name: 'max-request-bytes', kind: 'count', default: '1572864', help: 'largest request of a client' },
  { name: 'max-concurrent-streams', kind: 'count', help: 'most streams of one client connection' },
  { name: 'max-learners', kind: 'count', default: '1', help: 'most learners in the cluster' },
  {
    name: 'grpc-keepalive-min-time',
    kind: 'duration',
    default: '5s',
    help: 'least time between pings of a client',
  },
  {
    name: 'grpc-keepalive-interval',
    kind: 'duration',
    default: '2h',
    help: 'time between pings of the server',
  },
  {
    name: 'grpc-keepalive-timeout',
    kind: 'duration',
    default: '20s',
    help: 'how long a ping may go unanswered',
  },
  {
    name: 'watch-progress-notify-interval',
    kind: 'duration',
    default: '10m',
    also: 'experimental-watch-progress-notify-interval',
    help: 'time between progress notifications of idle watches',
  },
  {
    name: 'strict-reconfig-check',
    kind: 'switch',
    default: true,
    help: 'refuse changes of membership that would lose the quorum',
  },
  { name: 'pre-vote', kind: 'switch', default: true, help: 'ask before an election (always on)' },
  {
    name: 'initial-corrupt-check',
    kind: 'switch',
    default: true,
    also: 'experimental-initial-corrupt-check',
    help: 'compare hashes with the other members before serving',
  },
  {
    name: 'corrupt-check-time',
    kind: 'duration',
    default: '5m',
    also: 'experimental-corrupt-check-time',
    help: 'time between comparisons of hashes; 0: none',
  },
  {
    name: 'auth-token',
    kind: 'text',
    default: 'simple',
    help: '`simple`, or `jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256,ttl=5m`',
  },
  {
    name: 'auth-token-ttl',
    kind: 'count',
    default: '300',
    help: 'seconds that a simple token lives without use',
  },
  { name: 'bcrypt-cost', kind: 'count', default: '10', help: 'cost of hashing a password, 4 to 31' },
  {
    name: 'log-level',
    kind: 'text',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error', 'panic', 'fatal'],
    help: 'least level of log lines',
  },
  {
    name: 'log-format',
    kind: 'text',
    default: 'json',
    choices: ['json', 'console'],
    help: 'form of log lines',
  },
  { name: 'logger', kind: 'text', default: 'zap', help: 'accepted for old command lines; changes nothing' },
  { name: 'log-outputs', kind: 'text', default: 'default', help: '`stderr` (default) or `stdout`' },
] as const satisfies readonly Flag[];

type FlagName = (typeof flags)[number]['name'];

/** The values of flags as given, by name. */
export type EtcdFlags = Readonly<Record<FlagName, string | boolean | undefined>>;

/** Adds every flag to `command`. */
export function addEtcdFlags(command: Command): void {
  for (const flag of flags as readonly Flag[]) {
    for (const name of flag.also === undefined ? [flag.name] : [flag.name, flag.also]) {
      const placeholder = flag.kind === 'switch' ? ' [bool]' : ` <${flag.kind}>`;
      const option = new Option(`--${name}${placeholder}`, flag.help);
      option.env(`ETCD_${name.toUpperCase().replaceAll('-', '_')}`);
      if (flag.choices !== undefined) option.choices([...flag.choices]);
      if (name === flag.name && flag.default !== undefined) option.default(flag.default);
      if (name !== flag.name) option.hideHelp();
      command.addOption(option);
    }
  }
}

/** Go's flags may begin with one dash: `-name a` is `--name a`. Only flags of this list are changed, and no values of others. */
export function withDoubleDashes(args: readonly string[]): string[] {
  const names = new Set(
    (flags as readonly Flag[]).flatMap(({ name, also }) => [name, ...(also ? [also] : [])]),
  );
  return args.map((arg) => {
    const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(arg)?.[1];
    return name !== undefined && names.has(name) ? `-${arg}` : arg;
  });
}

/** What commander read, under the flags' own names: the former name counts when the present one was not given. */
export function readEtcdFlags(command: Command): EtcdFlags {
  const values: Record<string, string | boolean | undefined> = {};
  for (const flag of flags as readonly Flag[]) {
    const given = (name: string): unknown => command.getOptionValue(camelCase(name));
    const former = flag.also !== undefined && given(flag.also) !== undefined;
    const isDefault = command.getOptionValueSource(camelCase(flag.name)) === 'default';
    const value = given(former && isDefault ? flag.also! : flag.name);
    values[flag.name] =
      flag.kind === 'switch' ? switchValue(flag.name, value) : (value as string | undefined);
  }
  return values as EtcdFlags;
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function switchValue(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw usage(`--${name} ${String(value)} is neither true nor false`);
}

export function usage(message: string): CliError {
  return new CliError(message, { exitCode: 2 });
}

/** Go's notation: 10m, 1h30m, 500ms. */
export function durationMillis(flag: string, text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let millis = 0;
  let rest = text;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)(ms|s|m|h)/.exec(rest);
    if (part === null) {
      if (/^0+$/.test(text)) return 0;
      throw usage(`--${flag} ${text} is no duration: write it like 500ms, 20s, 10m or 1h30m`);
    }
    millis += Number(part[1]) * units[part[2]!]!;
    rest = rest.slice(part[0].length);
  }
  return millis;
}

export interface EtcdUrl {
  /** As given, without a slash at its end. */
  readonly text: string;
  readonly secure: boolean;
  readonly address: Address;
}

/** `http://host:port,https://…` */
export function readUrls(flag: string, text: string): readonly EtcdUrl[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => readUrl(flag, part));
}

function readUrl(flag: string, text: string): EtcdUrl {
  const found = /^(https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^/:[\]]+)):(\d{1,5})\/?$/.exec(text);
  const port = Number(found?.[4]);
  if (found === null || port > 65_535) {
    throw usage(`--${flag} ${text} is no URL of the form http://HOST:PORT or https://HOST:PORT`);
  }
  return {
    text: text.replace(/\/$/, ''),
    secure: found[1] === 'https',
    address: { host: (found[2] ?? found[3])!, port },
  };
}

/** `a=http://…,a=http://…,b=http://…`: the first members and their URLs, in the order given. */
export function readInitialCluster(text: string): ReadonlyMap<string, readonly EtcdUrl[]> {
  const members = new Map<string, EtcdUrl[]>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at <= 0) throw usage(`--initial-cluster ${text}: "${part}" is not of the form NAME=URL`);
    const name = part.slice(0, at).trim();
    const url = readUrl('initial-cluster', part.slice(at + 1).trim());
    members.set(name, [...(members.get(name) ?? []), url]);
  }
  return members;
}

/** undefined: no automatic compaction. */
export function readAutoCompaction(mode: string, retention: string): AutoCompaction | undefined {
  if (mode === 'revision') {
    const retentionRevisions = integerOption(
      '--auto-compaction-retention',
      retention,
      0,
      Number.MAX_SAFE_INTEGER,
    );
    return retentionRevisions === 0 ? undefined : { mode, retentionRevisions };
  }
  // A bare number counts hours.
  const retentionMillis = /^\d+$/.test(retention)
    ? Number(retention) * 3_600_000
    : durationMillis('auto-compaction-retention', retention);
  return retentionMillis === 0 ? undefined : { mode: 'periodic', retentionMillis };
}
