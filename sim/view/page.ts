/**
 * sim/view/: a run to be looked at. One page without a network: time to scrub through, a lane for each member, packets, logs,
 * clients, pods; and the simulator itself in a worker, for other seeds, other futures, and the same without a fault.
 *
 * Boundary: sees sim/ and the browser, nothing of Node. What it shows comes from a Recording, what it runs is recordSimulation.
 */

import type { PageData, Recording } from '../recording/recording.ts';
import { colorsOf } from './colors.ts';
import { element } from './element.ts';
import { Lanes, type Span } from './lanes.ts';
import { firstDifference, lowerBound, momentsOf, secondsText } from './moments.ts';
import { Overview } from './overview.ts';
import { cachesPanel, logsPanel, membersPanel, podsPanel, stepsPanel, violationsPanel } from './panels.ts';
import type { RunAnswer, RunRequest } from './worker.ts';

const speeds = [0.1, 0.5, 1, 2, 10, 100, 1000];
const zoomFactor = 1.6;
const shortestSpanMillis = 2;

class Page {
  readonly #data: PageData;
  #recording: Recording;
  #other: Recording | undefined;
  readonly #moments: readonly { readonly at: number }[];
  #cursor = 0;
  #span: Span;
  #playing = false;
  #speed = 1;
  #removed = new Set<number>();
  #dirty = true;
  readonly #overview = new Overview();
  readonly #lanes = new Lanes('what each member did, and the packets between them');
  readonly #otherLanes = new Lanes('the other history');
  readonly #otherTitle = element('h2');
  readonly #otherSection = element('section', { hidden: true }, this.#otherTitle, this.#otherLanes.canvas);
  readonly #side = element('div');
  readonly #clock = element('span', { className: 'clock', id: 'clock' });
  readonly #status = element('p', { role: 'status', className: 'note', id: 'status' });
  readonly #hint = element('p', { className: 'note', id: 'hint' });
  readonly #play = element('button', { type: 'button', onclick: () => this.#togglePlaying() });
  #worker: Worker | undefined;
  #runs = 0;

  constructor(data: PageData) {
    this.#data = data;
    this.#recording = data.recording;
    this.#moments = momentsOf(data.recording).map((at) => ({ at }));
    const first = data.recording.violations[0]?.atMillis;
    const { t, from, to } = readHash();
    this.#cursor = t ?? first ?? 0;
    const end = data.recording.endMillis;
    this.#span =
      from !== undefined && to !== undefined ? { from, to } : around(this.#cursor, Math.min(end, 2000), end);
  }

  start(): void {
    this.#build();
    this.#listen();
    requestAnimationFrame((now) => this.#frame(now, now));
  }

  #build(): void {
    const { report, endMillis } = this.#recording;
    const seed = element('input', { type: 'number', id: 'seed', value: String(report.seed), min: '0' });
    const speed = element(
      'select',
      { 'aria-label': 'speed', onchange: () => (this.#speed = Number(speed.value)) },
      ...speeds.map((one) => element('option', { value: String(one), selected: one === 1 }, `${one} ×`)),
    );
    const button = (id: string, text: string, onclick: () => void, title: string): HTMLElement =>
      element('button', { type: 'button', id, onclick, title }, text);
    document.body.append(
      element(
        'header',
        {},
        element(
          'div',
          { className: 'row' },
          element('h1', {}, report.scenario),
          element('span', { className: `verdict ${report.verdict}`, id: 'verdict' }, report.verdict),
          element(
            'span',
            { className: 'note' },
            `seed ${report.seed}, ${secondsText(endMillis)}, trace ${report.traceHash}`,
          ),
        ),
        element(
          'div',
          { className: 'controls' },
          button('back', '◀', () => this.#step(-1), 'the event before (←)'),
          this.#play,
          button('forward', '▶', () => this.#step(1), 'the next event (→)'),
          speed,
          this.#clock,
          button('in', '+', () => this.#zoom(1 / zoomFactor), 'zoom in (+)'),
          button('out', '−', () => this.#zoom(zoomFactor), 'zoom out (−)'),
          element('label', { htmlFor: 'seed' }, 'seed'),
          seed,
          button(
            'run',
            'run',
            () => this.#run(Number(seed.value)),
            'the same scenario with this seed, beside this history',
          ),
          button('fork', 'fork here', () => this.#fork(), 'the same past, and another future from here'),
          button(
            'without',
            'run without unticked steps',
            () => this.#run(report.seed),
            'the same seed without these faults',
          ),
        ),
        this.#overview.canvas,
      ),
      element(
        'main',
        {},
        element(
          'div',
          {},
          element(
            'section',
            {},
            element('h2', {}, 'Members, packets and clients'),
            this.#lanes.canvas,
            this.#hint,
          ),
          this.#otherSection,
          this.#status,
          element(
            'p',
            { className: 'note' },
            ...['space', '←', '→', '+', '−'].flatMap((key) => [element('kbd', {}, key), ' ']),
            'play, step through events, zoom; drag the lanes to move, the bar above to jump.',
            ...this.#recording.left.map((text) => ` ${text}.`),
          ),
        ),
        this.#side,
      ),
    );
  }

  #listen(): void {
    const { canvas } = this.#overview;
    const jump = (event: PointerEvent): void => {
      if (event.buttons !== 1) return;
      this.#moveTo(this.#overview.timeAt(event.clientX, this.#recording.endMillis), true);
    };
    canvas.addEventListener('pointerdown', jump);
    canvas.addEventListener('pointermove', jump);
    for (const lanes of [this.#lanes, this.#otherLanes]) {
      let grabbed: { readonly x: number; readonly span: Span } | undefined;
      let moved = false;
      lanes.canvas.addEventListener('pointerdown', (event) => {
        grabbed = { x: event.clientX, span: this.#span };
        moved = false;
      });
      lanes.canvas.addEventListener('pointermove', (event) => {
        this.#hint.textContent = lanes.textAt(event.clientX, event.clientY) ?? ' ';
        if (grabbed === undefined || event.buttons !== 1) return;
        const { from, to } = grabbed.span;
        const by = ((grabbed.x - event.clientX) / lanes.canvas.clientWidth) * (to - from);
        if (Math.abs(grabbed.x - event.clientX) > 3) moved = true;
        this.#setSpan({ from: from + by, to: to + by });
      });
      lanes.canvas.addEventListener('pointerup', (event) => {
        if (!moved) this.#moveTo(lanes.timeAt(event.clientX, this.#span), false);
        grabbed = undefined;
      });
      lanes.canvas.addEventListener('wheel', (event) => {
        if (!event.ctrlKey && !event.shiftKey) return;
        event.preventDefault();
        this.#zoom(event.deltaY > 0 ? zoomFactor : 1 / zoomFactor);
      });
    }
    addEventListener('keydown', (event) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
      const act = {
        ' ': () => this.#togglePlaying(),
        ArrowLeft: () => this.#step(-1),
        ArrowRight: () => this.#step(1),
        '+': () => this.#zoom(1 / zoomFactor),
        '-': () => this.#zoom(zoomFactor),
      }[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    });
    addEventListener('resize', () => (this.#dirty = true));
  }

  #frame(now: number, before: number): void {
    if (this.#playing) {
      this.#moveTo(this.#cursor + (now - before) * this.#speed, false);
      if (this.#cursor >= this.#recording.endMillis) this.#playing = false;
    }
    if (this.#dirty) this.#draw();
    requestAnimationFrame((next) => this.#frame(next, now));
  }

  #draw(): void {
    this.#dirty = false;
    const colors = colorsOf(document.documentElement);
    const at = this.#cursor;
    this.#clock.textContent = secondsText(at);
    this.#play.textContent = this.#playing ? '❚❚ pause' : '▶ play';
    this.#overview.draw(this.#recording, this.#span, at, colors);
    this.#lanes.draw(this.#recording, this.#span, at, colors);
    if (this.#other !== undefined) this.#otherLanes.draw(this.#other, this.#span, at, colors);
    const panels = [
      violationsPanel(this.#recording),
      membersPanel(this.#recording, at, colors),
      logsPanel(this.#recording, at),
      podsPanel(this.#recording, at),
      cachesPanel(this.#recording, at),
      stepsPanel(this.#data.steps, this.#recording, at, this.#removed, (step) => this.#toggle(step)),
    ].filter((panel) => panel !== undefined);
    const scrolled = this.#side.querySelector('ol')?.scrollTop ?? 0;
    this.#side.replaceChildren(...panels);
    this.#side.querySelector('ol')?.scrollTo({ top: scrolled });
    const { report } = this.#recording;
    const hash = `scenario=${report.scenario}&seed=${report.seed}&t=${at.toFixed(3)}&from=${this.#span.from.toFixed(3)}&to=${this.#span.to.toFixed(3)}`;
    history.replaceState(null, '', `#${hash}`);
  }

  #togglePlaying(): void {
    this.#playing = !this.#playing;
    this.#dirty = true;
  }

  #toggle(step: number): void {
    if (!this.#removed.delete(step)) this.#removed.add(step);
  }

  #step(direction: 1 | -1): void {
    this.#playing = false;
    const next =
      direction === 1
        ? lowerBound(this.#moments, this.#cursor, true)
        : lowerBound(this.#moments, this.#cursor) - 1;
    const moment = this.#moments[next];
    if (moment !== undefined) this.#moveTo(moment.at, false);
  }

  /** `center`: the lanes show the part around it. Otherwise they follow when the cursor leaves them. */
  #moveTo(at: number, center: boolean): void {
    const end = this.#recording.endMillis;
    this.#cursor = Math.min(end, Math.max(0, at));
    const { from, to } = this.#span;
    if (center || this.#cursor < from || this.#cursor > to) this.#span = around(this.#cursor, to - from, end);
    this.#dirty = true;
  }

  #zoom(factor: number): void {
    const { from, to } = this.#span;
    this.#setSpan(
      around(this.#cursor, Math.max(shortestSpanMillis, (to - from) * factor), this.#recording.endMillis),
    );
  }

  #setSpan({ from, to }: Span): void {
    const end = this.#recording.endMillis;
    const length = Math.min(end, to - from);
    const begin = Math.min(Math.max(0, from), end - length);
    this.#span = { from: begin, to: begin + length };
    this.#dirty = true;
  }

  #run(seed: number): void {
    const without = [...this.#removed];
    const what =
      without.length === 0 ? `seed ${seed}` : `seed ${seed} without ${without.length} of the steps`;
    this.#ask({ seed, without }, what);
  }

  #fork(): void {
    const { seed } = this.#recording.report;
    const future = ++this.#runs;
    const atMillis = this.#cursor;
    this.#ask(
      { seed, without: [...this.#removed], fork: { atMillis, seed: future } },
      `future ${future} from ${secondsText(atMillis)} on`,
    );
  }

  #ask(request: Pick<RunRequest, 'seed' | 'without' | 'fork'>, what: string): void {
    this.#worker?.terminate();
    const url = URL.createObjectURL(new Blob([this.#data.worker], { type: 'text/javascript' }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    this.#worker = worker;
    this.#status.textContent = `running ${what} …`;
    const failed = (error: string): void => {
      this.#status.textContent = `${what} could not be run: ${error}`;
    };
    worker.onmessage = ({ data }: MessageEvent<RunAnswer>) => {
      worker.terminate();
      if ('error' in data) failed(data.error);
      else this.#showOther(data.recording, what);
    };
    worker.onerror = ({ message }) => failed(message);
    const { files } = this.#data;
    const { scenario } = this.#recording;
    worker.postMessage({ id: 1, scenario, files, ...request } satisfies RunRequest);
  }

  #showOther(other: Recording, what: string): void {
    this.#other = other;
    const parts = firstDifference(this.#recording, other);
    const { verdict, traceHash } = other.report;
    this.#otherTitle.textContent = `${what}: ${verdict}`;
    this.#otherSection.dataset['trace'] = traceHash;
    this.#otherSection.hidden = false;
    const found = other.violations.map(({ checker, message }) => `${checker}: ${message}`).join(' ');
    this.#status.textContent =
      parts === undefined
        ? `${what}: the same history, to the last packet.`
        : `${what}: ${verdict}. The two histories part at ${secondsText(parts)}. ${found}`;
    if (parts !== undefined) this.#moveTo(parts, true);
    this.#dirty = true;
  }
}

function around(at: number, length: number, end: number): Span {
  const kept = Math.min(length, end);
  const from = Math.min(Math.max(0, at - kept / 2), end - kept);
  return { from, to: from + kept };
}

function readHash(): Readonly<Partial<Record<'t' | 'from' | 'to', number>>> {
  const fields = new URLSearchParams(location.hash.slice(1));
  const read = (name: string): number | undefined =>
    fields.has(name) ? Number(fields.get(name)) : undefined;
  const [t, from, to] = [read('t'), read('from'), read('to')];
  return {
    ...(t === undefined ? {} : { t }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

const data = JSON.parse(document.querySelector('#data')!.textContent) as PageData;
const page = new Page(data);
page.start();
