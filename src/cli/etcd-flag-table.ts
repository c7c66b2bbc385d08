/**
 * The flags of etcd 3.6, in the order and the groups of its help. Each is one of three:
 *
 *   - it works;
 *   - `moot`: there is nothing here that it could change. It is taken, and said so in a warning when it was given;
 *   - `refused`: whoever gives it counts on something that is not there. It ends the start, with a reason and what to do instead.
 *
 * None is silently dropped. Names that begin with `experimental-` are those of 3.5.
 */
export type FlagKind = 'text' | 'switch' | 'duration' | 'count';

export interface Flag<Name extends string = string> {
  readonly name: Name;
  readonly kind: FlagKind;
  readonly help: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  /** A former name, still understood. */
  readonly also?: string;
  /** Why it changes nothing. */
  readonly moot?: string;
  /** Why it is not taken. */
  readonly refused?: string;
  /** The values for which `moot` or `refused` is said; absent: all. A switch's are `true` and `false`. */
  readonly unless?: string;
}

type More = Pick<Flag, 'choices' | 'also' | 'moot' | 'refused' | 'unless'>;

function text<Name extends string>(
  name: Name,
  byDefault: string | undefined,
  help: string,
  more: More = {},
): Flag<Name> {
  return { name, kind: 'text', help, ...(byDefault !== undefined && { default: byDefault }), ...more };
}

function toggle<Name extends string>(
  name: Name,
  byDefault: boolean,
  help: string,
  more: More = {},
): Flag<Name> {
  return { name, kind: 'switch', default: byDefault, help, ...more };
}

function duration<Name extends string>(
  name: Name,
  byDefault: string | undefined,
  help: string,
  more: More = {},
): Flag<Name> {
  return { name, kind: 'duration', help, ...(byDefault !== undefined && { default: byDefault }), ...more };
}

function count<Name extends string>(
  name: Name,
  byDefault: string | undefined,
  help: string,
  more: More = {},
): Flag<Name> {
  return { name, kind: 'count', help, ...(byDefault !== undefined && { default: byDefault }), ...more };
}

const noDiscovery = 'there is no discovery: name all first members in --initial-cluster';
const noTracing = 'there is no distributed tracing: --metrics extensive tells how long calls take';
const noRotation = 'log files are appended to and never renamed here: let logrotate do it, with copytruncate';
const pages = 'pages are kept by LMDB, which has no such setting';

const member = [
  text('name', 'default', "this member's name"),
  text('data-dir', undefined, 'its data directory (default NAME.etcd)'),
  text('wal-dir', undefined, 'a directory of its own for the log', {
    refused:
      'log and data are one directory, locked as one: mount a disk at DATA-DIR/wal, or make that a symbolic link',
  }),
  count('snapshot-count', '10000', 'entries between two truncations of the log'),
  count('snapshot-catchup-entries', '5000', 'entries kept behind that for slow followers', {
    also: 'experimental-snapshot-catchup-entries',
  }),
  count('heartbeat-interval', '100', 'milliseconds between heartbeats'),
  count('election-timeout', '1000', 'milliseconds without a leader until an election'),
  toggle('initial-election-tick-advance', true, 'hurry the first election', {
    moot: 'a member that is alone leads at once, and others wait no longer than one election timeout',
  }),
  text('listen-peer-urls', 'http://localhost:2380', 'where other members reach it'),
  text(
    'listen-client-urls',
    'http://localhost:2379',
    'where clients are served: gRPC, JSON gateway, /health, /metrics',
  ),
  text(
    'listen-client-http-urls',
    undefined,
    'addresses for HTTP alone, which leave only gRPC to --listen-client-urls',
  ),
  count('max-snapshots', undefined, 'snapshot files to keep', {
    moot: 'there are no snapshot files: the backend is the snapshot',
  }),
  count('max-wals', undefined, 'log files to keep', {
    moot: 'the log keeps what it needs and removes the rest',
  }),
  count('quota-backend-bytes', '0', 'most live data in bytes (0: 2 GiB; -1: no limit)'),
  text('backend-bbolt-freelist-type', undefined, 'form of the list of free pages', { moot: pages }),
  duration(
    'backend-batch-interval',
    undefined,
    'longest time until what is committed is on its way to the backend',
  ),
  count('backend-batch-limit', undefined, 'operations that end a batch of the backend', {
    moot: 'a batch ends by its bytes and by --backend-batch-interval',
  }),
  count('max-txn-ops', '128', 'most operations in a transaction'),
  count('max-request-bytes', '1572864', 'largest request of a client'),
  count('max-concurrent-streams', '4096', 'most streams of one client connection; no more than 4096'),
  toggle('enable-grpc-gateway', true, 'serve the JSON gateway below /v3/'),
  duration('grpc-keepalive-min-time', '5s', 'least time between pings of a client'),
  duration('grpc-keepalive-interval', '2h', 'time between pings of the server; 0: none'),
  duration('grpc-keepalive-timeout', '20s', 'how long a ping may go unanswered'),
  toggle('socket-reuse-port', false, 'let several processes listen on one port', {
    refused: 'two members on one port would get each other’s clients: give each its own',
    unless: 'false',
  }),
  toggle('socket-reuse-address', false, 'listen on a port of a process that has just ended', {
    moot: 'always so here',
    unless: 'true',
  }),
  duration('raft-read-timeout', undefined, 'silence that ends a link between members', {
    moot: 'links between members are pinged every 1.5 s, and end after three pings without an answer',
  }),
  duration('raft-write-timeout', undefined, 'time that a write to another member may take', {
    moot: 'links between members are pinged every 1.5 s, and end after three pings without an answer',
  }),
  text('local-address', undefined, 'address that other members are dialled from', {
    refused: 'the system chooses it: set a route to the other members with that source',
  }),
] as const;

const clustering = [
  text('initial-advertise-peer-urls', 'http://localhost:2380', 'where other members are told to find it'),
  text('initial-cluster', undefined, 'NAME=URL,… of the first members (default: this one alone)'),
  text(
    'initial-cluster-state',
    'new',
    '`existing` to join as a member that `etcdctl member add` has announced',
    {
      choices: ['new', 'existing'],
    },
  ),
  text('initial-cluster-token', 'etcd-cluster', 'tells clusters apart that are made of the same names'),
  text('advertise-client-urls', 'http://localhost:2379', 'where clients are told to find it'),
  text('discovery', undefined, 'URL of a discovery service', { refused: noDiscovery }),
  text('discovery-token', undefined, 'token of a cluster at a discovery service', { refused: noDiscovery }),
  text('discovery-endpoints', undefined, 'endpoints of a discovery service', { refused: noDiscovery }),
  duration('discovery-dial-timeout', undefined, 'of a discovery service', { refused: noDiscovery }),
  duration('discovery-request-timeout', undefined, 'of a discovery service', { refused: noDiscovery }),
  duration('discovery-keepalive-time', undefined, 'of a discovery service', { refused: noDiscovery }),
  duration('discovery-keepalive-timeout', undefined, 'of a discovery service', { refused: noDiscovery }),
  toggle('discovery-insecure-transport', true, 'of a discovery service', { refused: noDiscovery }),
  toggle('discovery-insecure-skip-tls-verify', false, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-cert', undefined, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-key', undefined, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-cacert', undefined, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-user', undefined, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-password', undefined, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-fallback', undefined, 'of a discovery service', { moot: noDiscovery }),
  text('discovery-proxy', undefined, 'of a discovery service', { refused: noDiscovery }),
  text('discovery-srv', undefined, 'DNS domain whose SRV records name the members', { refused: noDiscovery }),
  text('discovery-srv-name', undefined, 'suffix of the names of SRV records', { refused: noDiscovery }),
  toggle('strict-reconfig-check', true, 'refuse changes of membership that would lose the quorum'),
  toggle('pre-vote', true, 'ask before an election', {
    refused: 'it is always on: without it a member that comes back from a partition would unseat the leader',
    unless: 'true',
  }),
  text(
    'auto-compaction-retention',
    '0',
    'how much history is kept: 5m, 1h (a bare number: hours), or revisions; 0: all of it',
  ),
  text('auto-compaction-mode', 'periodic', 'what the retention counts: time or revisions', {
    choices: ['periodic', 'revision'],
  }),
  text('v2-deprecation', undefined, 'what becomes of the v2 store', { moot: 'there is no v2 store' }),
  count('max-learners', '1', 'most learners in the cluster', { also: 'experimental-max-learners' }),
] as const;

const security = [
  text('cert-file', undefined, 'certificate shown to clients'),
  text('key-file', undefined, 'its private key'),
  toggle('client-cert-auth', false, 'refuse clients without a certificate'),
  text('client-cert-file', undefined, 'certificate that the gateway shows to the member', {
    moot: 'the gateway is in the member and needs no connection to it',
  }),
  text('client-key-file', undefined, 'its private key', {
    moot: 'the gateway is in the member and needs no connection to it',
  }),
  text('client-crl-file', undefined, 'certificates of clients that count no more'),
  text(
    'client-cert-allowed-hostname',
    undefined,
    'host names, one of which a client’s certificate must be for',
  ),
  text('trusted-ca-file', undefined, 'authority that client certificates are checked by'),
  toggle('auto-tls', false, 'make a certificate for clients where there is none'),
  text('peer-cert-file', undefined, 'certificate shown to other members'),
  text('peer-key-file', undefined, 'its private key'),
  toggle(
    'peer-client-cert-auth',
    false,
    'refuse members without a certificate (always so with an authority)',
  ),
  text(
    'peer-client-cert-file',
    undefined,
    'certificate shown to members that are dialled (default: --peer-cert-file)',
    {
      refused: 'a member shows one certificate, dialling or dialled: let --peer-cert-file be good for both',
    },
  ),
  text('peer-client-key-file', undefined, 'its private key', {
    refused: 'a member shows one certificate, dialling or dialled: let --peer-key-file be good for both',
  }),
  text('peer-trusted-ca-file', undefined, "authority that other members' certificates are checked by"),
  text('peer-cert-allowed-cn', undefined, 'common names, one of which the certificate of a member must have'),
  text(
    'peer-cert-allowed-hostname',
    undefined,
    'host names, one of which the certificate of a member must be for',
  ),
  toggle('peer-auto-tls', false, 'encrypt between members by certificates that nobody checks'),
  count(
    'self-signed-cert-validity',
    '1',
    'years that certificates of --auto-tls and --peer-auto-tls are good for',
  ),
  text('peer-crl-file', undefined, 'certificates of members that count no more'),
  text('cipher-suites', undefined, "suites of TLS 1.2 by Go's names (default: Node's choice)"),
  text('cors', '*', 'origins that browsers may ask from; *: all'),
  text('host-whitelist', '*', 'host names by which the member may be asked over plain HTTP; *: any'),
  text('tls-min-version', 'TLS1.2', 'oldest version of TLS', { choices: ['TLS1.2', 'TLS1.3'] }),
  text('tls-max-version', undefined, 'newest version of TLS', { choices: ['TLS1.2', 'TLS1.3'] }),
  toggle(
    'peer-skip-client-san-verification',
    true,
    'not to hold a member’s address against its certificate',
    {
      also: 'experimental-peer-skip-client-san-verification',
      refused:
        'addresses are not held against certificates: name who may be a member by --peer-cert-allowed-cn',
      unless: 'true',
    },
  ),
] as const;

const auth = [
  text('auth-token', 'simple', '`simple`, or `jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256,ttl=5m`'),
  count('bcrypt-cost', '10', 'cost of hashing a password, 4 to 31'),
  count('auth-token-ttl', '300', 'seconds that a simple token lives without use'),
] as const;

const monitoring = [
  toggle('enable-pprof', false, "serve Go's profiles", {
    moot: 'there are no profiles of Go here: start Node with --cpu-prof or --inspect',
    unless: 'false',
  }),
  text('metrics', 'basic', '`extensive`: also how long each method takes', {
    choices: ['basic', 'extensive'],
  }),
  text(
    'listen-metrics-urls',
    undefined,
    "more addresses for /metrics and /health; https with the clients' certificate",
  ),
] as const;

const logging = [
  text('logger', 'zap', 'etcd’s logger', { choices: ['zap'] }),
  text('log-outputs', 'default', '`stderr` (default), `stdout` or files, by commas'),
  text('log-level', 'info', 'least level of log lines', {
    choices: ['debug', 'info', 'warn', 'error', 'panic', 'fatal'],
  }),
  text('log-format', 'json', 'form of log lines', { choices: ['json', 'console'] }),
  toggle('enable-log-rotation', false, 'rotate the log file', { refused: noRotation, unless: 'false' }),
  text('log-rotation-config-json', undefined, 'how', { refused: noRotation }),
] as const;

const tracing = [
  toggle('enable-distributed-tracing', false, 'send traces', {
    also: 'experimental-enable-distributed-tracing',
    refused: noTracing,
    unless: 'false',
  }),
  text('distributed-tracing-address', undefined, 'of the collector', {
    also: 'experimental-distributed-tracing-address',
    moot: noTracing,
  }),
  text('distributed-tracing-service-name', undefined, 'of this service', {
    also: 'experimental-distributed-tracing-service-name',
    moot: noTracing,
  }),
  text('distributed-tracing-instance-id', undefined, 'of this member', {
    also: 'experimental-distributed-tracing-instance-id',
    moot: noTracing,
  }),
  count('distributed-tracing-sampling-rate', undefined, 'of a million', {
    also: 'experimental-distributed-tracing-sampling-rate',
    moot: noTracing,
  }),
] as const;

const features = [
  text('feature-gates', undefined, 'NAME=true|false,… of etcd 3.6’s features'),
  toggle('initial-corrupt-check', true, 'compare hashes with the other members before serving', {
    also: 'experimental-initial-corrupt-check',
  }),
  duration('corrupt-check-time', '5m', 'time between comparisons of hashes; 0: none', {
    also: 'experimental-corrupt-check-time',
  }),
  toggle('compact-hash-check-enabled', true, 'compare the hashes of compactions', {
    also: 'experimental-compact-hash-check-enabled',
    moot: '--corrupt-check-time compares more, and as often as it says',
  }),
  duration('compact-hash-check-time', undefined, 'time between those', {
    also: 'experimental-compact-hash-check-time',
    moot: '--corrupt-check-time compares more, and as often as it says',
  }),
  toggle(
    'experimental-enable-lease-checkpoint',
    true,
    'keep what remains of a lease over a change of leaders',
    {
      moot: 'always so here',
      unless: 'true',
    },
  ),
  toggle('experimental-enable-lease-checkpoint-persist', true, 'keep it over restarts', {
    moot: 'always so here',
    unless: 'true',
  }),
  count('compaction-batch-limit', undefined, 'revisions that a compaction removes at once', {
    also: 'experimental-compaction-batch-limit',
    moot: 'a compaction makes way for other work by itself',
  }),
  duration('compaction-sleep-interval', undefined, 'pauses of a compaction', {
    also: 'experimental-compaction-sleep-interval',
    moot: 'a compaction makes way for other work by itself',
  }),
  duration('watch-progress-notify-interval', '10m', 'time between progress notifications of idle watches', {
    also: 'experimental-watch-progress-notify-interval',
  }),
  duration('downgrade-check-time', undefined, 'time between looks at a downgrade', {
    also: 'experimental-downgrade-check-time',
    moot: 'a downgrade is told of by the log',
  }),
  toggle('memory-mlock', false, 'keep pages in RAM', {
    also: 'experimental-memory-mlock',
    refused: 'Node cannot lock pages: let the machine have no swap',
    unless: 'false',
  }),
  duration(
    'warning-apply-duration',
    '100ms',
    'time to apply a change, beyond which it counts as slow in the metrics',
    {
      also: 'experimental-warning-apply-duration',
    },
  ),
  duration('warning-unary-request-duration', undefined, 'time of a call that is worth a warning', {
    also: 'experimental-warning-unary-request-duration',
    moot: '--metrics extensive tells how long calls take',
  }),
  toggle('experimental-txn-mode-write-with-shared-buffer', true, 'how transactions read in etcd', {
    moot: 'transactions read what was written, without a buffer between',
  }),
  count('bootstrap-defrag-threshold-megabytes', undefined, 'defragment at the start', {
    also: 'experimental-bootstrap-defrag-threshold-megabytes',
    moot: 'freed pages are used again: there is nothing to defragment',
  }),
  toggle('experimental-stop-grpc-service-on-defrag', false, 'refuse clients during a defragmentation', {
    moot: 'a defragmentation stops nobody here',
    unless: 'false',
  }),
] as const;

const unsafe = [
  toggle('force-new-cluster', false, 'go on alone with the data of a cluster whose quorum is lost for ever'),
  toggle('unsafe-no-fsync', false, 'never wait for the disk: a power loss loses acknowledged writes'),
] as const;

/** By the titles of etcd's help. */
export const flagGroups = [
  { title: 'Member:', flags: member },
  { title: 'Clustering:', flags: clustering },
  { title: 'Security:', flags: security },
  { title: 'Auth:', flags: auth },
  { title: 'Profiling and monitoring:', flags: monitoring },
  { title: 'Logging:', flags: logging },
  { title: 'Distributed tracing:', flags: tracing },
  { title: 'Features:', flags: features },
  { title: 'Unsafe:', flags: unsafe },
] as const;

export type FlagName = (typeof flagGroups)[number]['flags'][number]['name'];

export const allFlags: readonly Flag<FlagName>[] = flagGroups.flatMap(({ flags }) => [...flags]);

/** What etcd's features are here: a flag, or what is always so. */
export const featureGates: Readonly<
  Record<string, { readonly flag: FlagName } | { readonly always: boolean }>
> = {
  InitialCorruptCheck: { flag: 'initial-corrupt-check' },
  CompactHashCheck: { flag: 'compact-hash-check-enabled' },
  LeaseCheckpoint: { always: true },
  LeaseCheckpointPersist: { always: true },
  TxnModeWriteWithSharedBuffer: { always: true },
  StopGRPCServiceOnDefrag: { always: false },
  DistributedTracing: { always: false },
  SetMemberLocalAddr: { always: false },
};
