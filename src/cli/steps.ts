import { stderrColors } from './colors.ts';

/**
 * Progress of a long command: one line per step, saying what it waits for and how long it took. On a
 * terminal the running step is shown with a spinner and its latest detail; elsewhere plain lines.
 */
export class Steps {
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt = performance.now();

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
  }

  /** Milliseconds since the first step began. */
  get elapsedMillis(): number {
    return performance.now() - this.#startedAt;
  }

  /** Runs `work`; it may tell how far it is. A failure is marked and passed on. */
  async run<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const took = (): string => stderrColors.dim(`${((performance.now() - startedAt) / 1000).toFixed(2)} s`);
    let latest = '';
    let frame = 0;
    const draw = (): void => {
      const mark = frames[frame++ % frames.length]!;
      this.#out.write(`\r\x1b[K${stderrColors.cyan(mark)} ${title} ${stderrColors.dim(latest)}`);
    };
    const timer = this.#out.isTTY ? setInterval(draw, 80) : undefined;
    const finish = (mark: string, text: string): void => {
      clearInterval(timer);
      this.#out.write(
        `${this.#out.isTTY ? '\r\x1b[K' : ''}${mark} ${title} ${stderrColors.dim(text)} ${took()}\n`,
      );
    };
    try {
      const result = await work((text) => {
        latest = text;
      });
      finish(stderrColors.green('✔'), latest);
      return result;
    } catch (error) {
      finish(stderrColors.red('✘'), latest);
      throw error;
    }
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
