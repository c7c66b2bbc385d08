/**
 * Where the multi-version data lives: an ordered table of records under their revisions, and a small table of named
 * values (applied index, leases, users, members, alarms, …) beside it. The store keeps only the key index in memory
 * and reads records through this port, so that pages on disk can stand in for the heap.
 *
 * Promises
 *   B1  What was put is read back at once, committed or not.
 *   B2  What lies between two `commit` calls becomes durable together or not at all, and in the order of the commits:
 *       after a crash the backend is as some `commit` left it, never older than the last resolved `flush`.
 *   B3  A View shows exactly what the last `commit` before it left, whatever is written afterwards.
 *   B4  A byte array handed in is not written to afterwards by anyone; one handed out is never changed.
 *
 * Failures of the disk after opening are fatal: `failed` resolves, nothing is durable from then on, and the member stops.
 */
export interface Backend extends BackendReader {
  /** Records and values alive, in bytes of their keys and contents. What the quota counts. */
  readonly liveBytes: number;
  /** What it takes on the disk, including pages that wait to be used again. */
  readonly fileBytes: number;
  /** How many records there are. */
  readonly recordCount: number;
  /** Revisions only ever ascend. */
  put(main: number, sub: number, record: Uint8Array): void;
  /** The record must exist. */
  delete(main: number, sub: number): void;
  /** Sets a named value; undefined removes it. Names are short ASCII: `lease/1f`. */
  setValue(name: string, value: Uint8Array | undefined): void;
  /** Ends one atomic step. Cheap: several may become durable together, a bounded time later. */
  commit(): void;
  /** Resolves when everything committed before the call is durable. */
  flush(): Promise<void>;
  /** A consistent view of the committed state. The caller closes it. Costs no copy and stops no writer. */
  view(): BackendView;
  /**
   * Resolves at once, mostly; else when what waits for the disk is again below the backend's bound. Whoever puts without
   * end (a restore, a backlog of entries) waits here between steps.
   */
  drained(): Promise<void>;
  /** Told, if anybody wants to know, how many milliseconds it took to make a batch of commits durable. */
  onDurable?: (millis: number) => void;
  /** Resolves with the reason when the disk has failed. */
  readonly failed: Promise<Error>;
  /** Flushes, then closes. Idempotent. */
  close(): Promise<void>;
}

export interface BackendReader {
  /** The record as it was put: an encoded KeyValue. */
  get(main: number, sub: number): Uint8Array | undefined;
  /**
   * Visits the records with fromMain <= main < endMain by (main, sub) until `visit` returns false. `visit` must not change
   * anything, and must not keep `record` beyond the call unless it copies it.
   */
  scan(fromMain: number, endMain: number, visit: VisitRecord): void;
  value(name: string): Uint8Array | undefined;
  /** The named values whose name starts with `prefix`, in code-unit order of their names. */
  values(prefix: string): readonly (readonly [name: string, value: Uint8Array])[];
}

export type VisitRecord = (main: number, sub: number, record: Uint8Array) => boolean | void;

export interface BackendView extends BackendReader {
  close(): void;
}

/** Opens backends: LMDB at sea, a journal on the simulated disk in the dock. `directory` is a folder of the backend's own. */
export interface Backends {
  /** Opens or creates. @throws DiskError, or an error whose sentence names the folder and the remedy when it is damaged */
  open(directory: string): Promise<Backend>;
}
