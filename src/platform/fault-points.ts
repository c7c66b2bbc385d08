/**
 * Named places in the code where a simulator may step in: FoundationDB's BUGGIFY, etcd's gofail. At sea they are calls of
 * empty functions. The lists are the registry: a sweep tells which of them it came by.
 */
export interface FaultPoints {
  /**
   * The host may lose its power here. The call returns all the same, and its stack runs on to the next await; but nothing
   * that it still does reaches disk, network or anybody else (P2).
   */
  reach(point: CrashPoint): void;
  /** Whether to go a way now that is rarely gone and legal at any time. */
  rare(branch: RareBranch): boolean;
}

/** Around each write to a disk, each message, and what must become true together. */
export const crashPoints = [
  'wal.append.before-write',
  'wal.append.before-sync',
  'wal.append.after-sync',
  'wal.cut.before-name',
  'wal.cut.before-folder-sync',
  'wal.cut.after-name',
  'wal.release.before-folder-sync',
  'wal.open.before-sync',
  'log.begin.before-mark',
  'log.install.before-mark',
  'log.install.before-release',
  'log.install.before-cleanup',
  'log.compact.before-mark',
  'log.compact.before-release',
  'ready.before-write',
  'ready.written',
  'apply.before-commit',
  'apply.after-commit',
  'apply.conf-change',
  'snapshot.install.before-log',
  'snapshot.installed',
  'snapshot.send.between-chunks',
  'snapshot.receive.between-chunks',
  'snapshot.receive.before-flush',
  'snapshot.receive.after-flush',
  'peers.before-send',
  'peers.after-send',
  'peers.received',
  'proposal.handed-over',
  'proposal.before-answer',
  'client.before-write',
  'client.after-write',
  'leader-elector.acquired',
  'leader-elector.before-release',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

/**
 * Rare branches, and the chance that one which is active is taken when code comes by. What is asked at every message or
 * tick is taken seldom, lest nothing else happens.
 */
export const rareBranches = {
  /** The next segment begins although this one has room. */
  'wal.segment-early': 0.25,
  /** The next segment is not made ahead. */
  'wal.no-spare': 0.25,
  /** The log is truncated although it is short. */
  'log.truncate-early': 0.05,
  /** Truncating leaves nothing to slow followers: they need a snapshot. */
  'log.keep-nothing': 0.25,
  /** One proposal is handed to Raft where several wait. */
  'proposal.one-at-a-time': 0.25,
  /** Raft has no room for a proposal now: it waits for another turn. */
  'proposal.dropped': 0.25,
  /** Too many requests wait: one more is refused. */
  'proposal.refused': 0.01,
  /** A message to a member gets lost, as when too much waits for it. */
  'peers.drop': 0.02,
  /** A message to a member is sent twice. */
  'peers.twice': 0.05,
  /** The link to a member is closed and dialled anew. */
  'peers.reconnect': 0.001,
  /** A snapshot travels in many parts. */
  'snapshot.tiny-chunks': 0.25,
  /** A snapshot that comes is refused. */
  'snapshot.refuse': 0.05,
  /** A watch falls behind, and reads from the store what it missed. */
  'watch.behind': 0.05,
  /** What remains of every lease is put into the log. */
  'lease.checkpoint': 0.25,
  /** The leader hands its office to another voter. */
  'leader.transfer': 0.002,
  /** A client of the API leaves its server for another, and its watches break. */
  'client.reconnect': 0.005,
} as const satisfies Readonly<Record<string, number>>;

export type RareBranch = keyof typeof rareBranches;

/** At sea nothing steps in. */
export const noFaultPoints: FaultPoints = {
  reach() {},
  rare: () => false,
};
