import type { Recording } from '../recording/recording.ts';
import type { Colors } from './colors.ts';
import type { Span } from './lanes.ts';

const height = 44;

/** The whole run at a glance: leaders, steps of the timeline, what was broken, and which part the lanes show. */
export class Overview {
  readonly canvas = document.createElement('canvas');

  constructor() {
    this.canvas.setAttribute('role', 'slider');
    this.canvas.setAttribute('aria-label', 'time in the run');
    this.canvas.setAttribute('aria-valuemin', '0');
    this.canvas.tabIndex = 0;
  }

  timeAt(clientX: number, endMillis: number): number {
    const { left, width } = this.canvas.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / width)) * endMillis;
  }

  draw(recording: Recording, span: Span, cursor: number, colors: Colors): void {
    const { endMillis, steps, violations, roles } = recording;
    const width = this.canvas.clientWidth || 800;
    const ratio = devicePixelRatio;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.height = `${height}px`;
    this.canvas.setAttribute('aria-valuemax', String(Math.round(endMillis)));
    this.canvas.setAttribute('aria-valuenow', String(Math.round(cursor)));
    const context = this.canvas.getContext('2d')!;
    context.scale(ratio, ratio);
    const x = (at: number): number => (at / endMillis) * width;
    context.fillStyle = colors.line;
    context.fillRect(0, 18, width, 8);
    // Who leads, by which member.
    const leaders = roles.filter(({ role }) => role === 'leader');
    for (const [i, { at }] of leaders.entries()) {
      context.fillStyle = colors.roles['leader']!;
      context.globalAlpha = i % 2 === 0 ? 1 : 0.6;
      context.fillRect(x(at), 18, x(leaders[i + 1]?.at ?? endMillis) - x(at), 8);
    }
    context.globalAlpha = 1;
    context.fillStyle = colors.fault;
    for (const { at, action } of steps) {
      const cures = action === 'heal' || action === 'mend' || action === 'restart';
      context.globalAlpha = cures ? 0.35 : 0.9;
      context.fillRect(x(at), cures ? 28 : 4, 2, 12);
    }
    context.globalAlpha = 1;
    context.fillStyle = colors.bad;
    for (const { atMillis } of violations) context.fillRect(x(atMillis) - 1.5, 0, 3, height);
    context.fillStyle = colors.accent;
    context.globalAlpha = 0.15;
    context.fillRect(x(span.from), 0, Math.max(3, x(span.to) - x(span.from)), height);
    context.globalAlpha = 1;
    context.fillRect(x(cursor) - 1, 0, 2, height);
  }
}
