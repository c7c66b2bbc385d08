import type { Container, Probe } from '../api/types.ts';
import type { Platform } from '../platform/platform.ts';
import { probeTiming, ProbeVerdict, runProbe } from './probe.ts';

export interface ProbeNews {
  /** The verdict of one of the probes changed. */
  changed(): void;
  /** A probe began to fail, or cannot be made. */
  failed(kind: 'Readiness' | 'Liveness', message: string): void;
}

/** Probes one running container until it is stopped. */
export class ContainerProber {
  readonly #platform: Platform;
  readonly #container: Container;
  readonly #podIP: string;
  readonly #news: ProbeNews;
  readonly #stopped = new AbortController();
  readonly #readiness: ProbeVerdict | undefined;
  readonly #liveness: ProbeVerdict | undefined;

  constructor(platform: Platform, container: Container, podIP: string, news: ProbeNews) {
    this.#platform = platform;
    this.#container = container;
    this.#podIP = podIP;
    this.#news = news;
    const { readinessProbe, livenessProbe } = container;
    if (readinessProbe !== undefined) {
      this.#readiness = new ProbeVerdict(readinessProbe, false);
      void this.#loop('Readiness', readinessProbe, this.#readiness);
    }
    if (livenessProbe !== undefined) {
      this.#liveness = new ProbeVerdict(livenessProbe, true);
      void this.#loop('Liveness', livenessProbe, this.#liveness);
    }
  }

  get ready(): boolean {
    return this.#readiness?.value ?? true;
  }

  get healthy(): boolean {
    return this.#liveness?.value ?? true;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #loop(kind: 'Readiness' | 'Liveness', probe: Probe, verdict: ProbeVerdict): Promise<void> {
    const { clock } = this.#platform;
    const { initialDelayMillis, periodMillis } = probeTiming(probe);
    const { signal } = this.#stopped;
    let before = 'success';
    if (!(await clock.sleep(initialDelayMillis, signal))) return;
    do {
      const { outcome, message } = await runProbe(this.#platform, probe, this.#container, this.#podIP);
      if (signal.aborted) return;
      if (outcome !== 'success' && outcome !== before) this.#news.failed(kind, message);
      before = outcome;
      if (verdict.record(outcome)) this.#news.changed();
    } while (await clock.sleep(periodMillis, signal));
  }
}
