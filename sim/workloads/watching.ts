import type { KeyRange, Watch } from '../../src/etcd/client.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { reconnectMillis, Session, type ClientKind, type WorkloadStage } from './workload.ts';

/** One life of a watch. */
export interface WatchPlan {
  readonly range: KeyRange;
  readonly prevKv?: boolean;
  readonly filters?: readonly ('no-put' | 'no-delete')[];
  readonly progressNotify?: boolean;
  /** Begin so many revisions before the last one seen, instead of behind it: 0 or absent goes on there. */
  readonly back?: number;
  /** Ask for progress so often. */
  readonly askProgressMillis?: number;
  /** Be slower than the store for so long, once, beginning then. */
  readonly pause?: { readonly afterMillis: number; readonly forMillis: number };
  /** Ends it by itself then; absent: when the connection does. */
  readonly endAfterMillis?: number;
}

/** Watches, and goes on with the next member where a watch ends: each life as the plan says. */
export async function watchAgainAndAgain(
  platform: Platform,
  stage: WorkloadStage,
  kind: ClientKind,
  planOf: () => WatchPlan,
): Promise<void> {
  const { clock, hostname } = platform;
  const session = new Session(platform, stage, kind);
  let lastRevision: number | undefined;
  for (let life = 0; !stage.stopped(); life++) {
    const plan = planOf();
    const etcd = await session.open();
    if (etcd === undefined) continue;
    lastRevision = await watchOnce(platform, stage, etcd, `${hostname}.${life}`, plan, lastRevision);
    session.leave();
    await clock.sleep(reconnectMillis);
  }
}

/** Returns the last revision that was seen, as the next life wants it. */
function watchOnce(
  { clock }: Platform,
  { bus }: WorkloadStage,
  etcd: NonNullable<Awaited<ReturnType<Session['open']>>>,
  watch: string,
  plan: WatchPlan,
  lastRevision: number | undefined,
): Promise<number | undefined> {
  const { range, back = 0, endAfterMillis, pause, askProgressMillis } = plan;
  const startRevision = lastRevision === undefined ? 0 : Math.max(1, lastRevision + 1 - back);
  const options = {
    ...(plan.prevKv === undefined ? {} : { prevKv: plan.prevKv }),
    ...(plan.filters === undefined ? {} : { filters: plan.filters }),
  };
  return new Promise((resolve) => {
    let started = false;
    let over = false;
    let seen = lastRevision;
    const end = (compactRevision?: number): void => {
      if (over) return;
      over = true;
      const compacted = compactRevision === undefined ? {} : { compactRevision };
      if (started) bus.emit({ type: 'watch-ended', watch, ...compacted });
      // As etcd's clients do: what was compacted is read again, here simply skipped.
      resolve(compactRevision === undefined ? seen : compactRevision - 1);
    };
    const handle: Watch = etcd.watch(
      {
        ...range,
        ...options,
        startRevision,
        ...(plan.progressNotify === undefined ? {} : { progressNotify: plan.progressNotify }),
      },
      {
        created: (revision) => {
          if (over) return;
          started = true;
          const afterRevision = startRevision === 0 ? revision : startRevision - 1;
          seen = Math.max(seen ?? 0, afterRevision);
          bus.emit({ type: 'watch-started', watch, range, afterRevision, ...options });
        },
        events: (events, revision) => {
          bus.emit({ type: 'watch-events', watch, events, revision });
          seen = Math.max(seen ?? 0, revision);
        },
        progress: (revision) => {
          bus.emit({ type: 'watch-progress', watch, revision });
          seen = Math.max(seen ?? 0, revision);
        },
        closed: ({ compactRevision }) => end(compactRevision),
      },
    );
    if (pause !== undefined) {
      clock.setTimer(pause.afterMillis, () => {
        handle.pause();
        clock.setTimer(pause.forMillis, () => handle.resume());
      });
    }
    if (askProgressMillis !== undefined) {
      const ask = (): void => {
        if (over) return;
        handle.requestProgress();
        clock.setTimer(askProgressMillis, ask);
      };
      clock.setTimer(askProgressMillis, ask);
    }
    if (endAfterMillis !== undefined) {
      clock.setTimer(endAfterMillis, () => {
        if (over) return;
        handle.cancel();
        end();
      });
    }
  });
}
