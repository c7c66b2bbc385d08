import type { Recording } from '../recording/recording.ts';
import type { Colors } from './colors.ts';
import { lowerBound, memberAt, secondsText } from './moments.ts';

/** The part of time that is shown. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const laneHeight = 46;
const callHeight = 15;
const labelWidth = 110;
const barHeight = 8;
/** More packets than this in the span would be a grey field. */
const arrowsMax = 4000;

/** What is under the pointer, as a sentence. */
interface Spot {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Members and clients over time: a lane for each, with the packets between them. */
export class Lanes {
  readonly canvas = document.createElement('canvas');
  #spots: Spot[] = [];

  constructor(label: string) {
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', label);
    this.canvas.tabIndex = 0;
  }

  /** The time at a point of the canvas. */
  timeAt(clientX: number, { from, to }: Span): number {
    const { left, width } = this.canvas.getBoundingClientRect();
    const share = (clientX - left - labelWidth) / (width - labelWidth);
    return from + Math.min(1, Math.max(0, share)) * (to - from);
  }

  textAt(clientX: number, clientY: number): string | undefined {
    const { left, top } = this.canvas.getBoundingClientRect();
    let best: Spot | undefined;
    let nearest = 8;
    for (const spot of this.#spots) {
      const distance = Math.hypot(spot.x - (clientX - left), spot.y - (clientY - top));
      if (distance < nearest) [best, nearest] = [spot, distance];
    }
    return best?.text;
  }

  draw(recording: Recording, span: Span, cursor: number, colors: Colors): void {
    const lanes = recording.hosts.flatMap(({ kind }, host) => (kind === 'client' ? [] : [host]));
    const clients = clientsOf(recording);
    const width = this.canvas.clientWidth || 800;
    const height = lanes.length * laneHeight + clients.length * callHeight + 34;
    const ratio = devicePixelRatio;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.height = `${height}px`;
    const context = this.canvas.getContext('2d')!;
    context.scale(ratio, ratio);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    this.#spots = [];
    const x = (at: number): number =>
      labelWidth + ((at - span.from) / (span.to - span.from)) * (width - labelWidth);
    this.#drawSteps(context, recording, span, x, height, colors);
    const laneOf = new Map(lanes.map((host, i) => [host, i * laneHeight + laneHeight / 2 + 16]));
    this.#drawTime(context, span, x, width, height, colors);
    for (const host of lanes)
      this.#drawLane(context, recording, host, laneOf.get(host)!, span, x, cursor, colors);
    context.save();
    context.beginPath();
    context.rect(labelWidth, 0, width - labelWidth, height);
    context.clip();
    this.#drawMessages(context, recording, laneOf, span, x, colors);
    this.#drawCalls(context, recording, clients, lanes.length * laneHeight + 26, span, x, colors);
    context.restore();
    context.fillStyle = colors.faint;
    for (const [i, client] of clients.entries())
      context.fillText(client, 0, lanes.length * laneHeight + 26 + i * callHeight + callHeight / 2);
    context.strokeStyle = colors.accent;
    context.lineWidth = 1.5;
    line(context, x(cursor), 0, x(cursor), height);
    for (const { atMillis } of recording.violations) {
      context.strokeStyle = colors.bad;
      context.setLineDash([5, 4]);
      if (atMillis >= span.from && atMillis <= span.to) line(context, x(atMillis), 0, x(atMillis), height);
      context.setLineDash([]);
    }
  }

  #drawTime(
    context: CanvasRenderingContext2D,
    { from, to }: Span,
    x: (at: number) => number,
    width: number,
    height: number,
    colors: Colors,
  ): void {
    const step = niceStep((to - from) / Math.max(2, (width - labelWidth) / 110));
    context.strokeStyle = colors.line;
    context.fillStyle = colors.faint;
    context.lineWidth = 1;
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      line(context, x(at), 14, x(at), height);
      context.fillText(secondsText(at), x(at) + 3, 7);
    }
  }

  /** What was done to the world, and when. */
  #drawSteps(
    context: CanvasRenderingContext2D,
    { steps, hosts }: Recording,
    { from, to }: Span,
    x: (at: number) => number,
    height: number,
    colors: Colors,
  ): void {
    for (const { at, action, hosts: whom } of steps) {
      if (at < from || at > to) continue;
      context.strokeStyle = colors.fault;
      context.globalAlpha = 0.5;
      line(context, x(at), 14, x(at), height);
      context.globalAlpha = 1;
      context.fillStyle = colors.fault;
      context.fillText(action, x(at) + 3, 22);
      const names = whom.map((host) => hosts[host]!.name).join(', ');
      this.#spots.push({ x: x(at) + 10, y: 22, text: `${action} ${names} at ${secondsText(at)}` });
    }
  }

  #drawLane(
    context: CanvasRenderingContext2D,
    recording: Recording,
    host: number,
    y: number,
    span: Span,
    x: (at: number) => number,
    cursor: number,
    colors: Colors,
  ): void {
    const { name } = recording.hosts[host]!;
    context.fillStyle = colors.text;
    context.fillText(name, 0, y - 6);
    const { up, progress, role } = memberAt(recording, host, cursor);
    context.fillStyle = colors.faint;
    if (progress !== undefined)
      context.fillText(up ? `T${role?.term ?? 0}  ${progress.applied}/${progress.last}` : 'down', 0, y + 9);
    const changes = [
      span.from,
      ...recording.roles.filter((one) => one.host === host).map(({ at }) => at),
      ...recording.power
        .filter((one) => one.host === host)
        .flatMap(({ at, pausedUntil }) => (pausedUntil === undefined ? [at] : [at, pausedUntil])),
      span.to,
    ]
      .filter((at) => at >= span.from && at <= span.to)
      .toSorted((a, b) => a - b);
    for (const [i, at] of changes.slice(0, -1).entries()) {
      const until = changes[i + 1]!;
      const moment = memberAt(recording, host, at);
      const color = colors.roles[moment.role?.role ?? 'follower'] ?? colors.roles['follower']!;
      context.fillStyle = moment.up ? color : colors.down;
      context.globalAlpha = moment.paused ? 0.35 : 1;
      const thick = moment.up && moment.role?.role === 'leader' ? barHeight : barHeight / 2;
      context.fillRect(x(at), y - thick / 2, Math.max(1, x(until) - x(at)), thick);
      context.globalAlpha = 1;
      const state = !moment.up ? 'down' : moment.paused ? 'paused' : (moment.role?.role ?? 'starting');
      const term = moment.role === undefined ? '' : ` in term ${moment.role.term}`;
      this.#spots.push({ x: x(at), y, text: `${name} is ${state}${term} from ${secondsText(at)}` });
    }
  }

  #drawMessages(
    context: CanvasRenderingContext2D,
    recording: Recording,
    laneOf: ReadonlyMap<number, number>,
    span: Span,
    x: (at: number) => number,
    colors: Colors,
  ): void {
    const { messages, kinds, hosts } = recording;
    const begin = lowerBound(messages, span.from - 2000);
    const end = lowerBound(messages, span.to, true);
    const shown = messages
      .slice(begin, end)
      .filter(
        (one) =>
          laneOf.has(one.from) &&
          laneOf.has(one.to) &&
          one.from !== one.to &&
          (one.arrived < 0 ? one.at : one.arrived) >= span.from,
      );
    if (shown.length > arrowsMax) {
      context.fillStyle = colors.faint;
      context.fillText(`${shown.length} packets: zoom in to see them (+)`, labelWidth + 8, 24);
      return;
    }
    context.lineWidth = 1;
    context.globalAlpha = shown.length > 600 ? 0.35 : 0.8;
    for (const { at, from, to, kind, arrived, detail } of shown) {
      const [y1, y2] = [laneOf.get(from)!, laneOf.get(to)!];
      const lost = arrived < 0;
      const [x1, x2] = [x(at), lost ? x(at) + 14 : x(arrived)];
      const yEnd = lost ? y1 + (y2 - y1) * 0.4 : y2;
      context.strokeStyle = lost ? colors.bad : colors.message;
      line(context, x1, y1, x2, yEnd);
      if (lost) {
        line(context, x2 - 3, yEnd - 3, x2 + 3, yEnd + 3);
        line(context, x2 - 3, yEnd + 3, x2 + 3, yEnd - 3);
      } else {
        context.fillStyle = colors.message;
        context.fillRect(x2 - 1.5, yEnd - 1.5, 3, 3);
      }
      const outcome = lost ? 'never arrived' : `took ${(arrived - at).toFixed(2)} ms`;
      const about = `${kinds[kind]} from ${hosts[from]!.name} to ${hosts[to]!.name} at ${secondsText(at)}, ${outcome}`;
      const text = detail === undefined ? about : `${about}: ${detail}`;
      for (const share of [0.1, 0.5, 0.9])
        this.#spots.push({ x: x1 + (x2 - x1) * share, y: y1 + (yEnd - y1) * share, text });
    }
    context.globalAlpha = 1;
  }

  #drawCalls(
    context: CanvasRenderingContext2D,
    { calls, violations, endMillis }: Recording,
    clients: readonly string[],
    top: number,
    span: Span,
    x: (at: number) => number,
    colors: Colors,
  ): void {
    for (const { client, called, returned, operation, outcome, revision } of calls) {
      const until = returned < 0 ? endMillis : returned;
      if (until < span.from || called > span.to) continue;
      const y = top + clients.indexOf(client.replace(/\.\d+$/, '')) * callHeight;
      const unknown = returned < 0;
      context.fillStyle = unknown ? colors.fault : colors.accent;
      context.globalAlpha = unknown ? 0.4 : 0.75;
      const end = unknown ? x(called) + 10 : x(returned);
      context.fillRect(x(called), y + 3, Math.max(2, end - x(called)), callHeight - 6);
      context.globalAlpha = 1;
      const told = violations.find(
        ({ message }) => message.includes(`${operation.split(' ')[0]} of `) && message.includes(client),
      );
      if (told !== undefined && Math.abs(told.atMillis - until) < 1) {
        context.strokeStyle = colors.bad;
        context.lineWidth = 2;
        context.strokeRect(x(called) - 3, y, Math.max(8, end - x(called) + 6), callHeight);
      }
      const place = revision > 0 ? ` at revision ${revision}` : '';
      const text = `${client}: ${operation} → ${outcome}${place} (${secondsText(called)} to ${unknown ? 'never' : secondsText(returned)})`;
      this.#spots.push({ x: Math.max(x(called), x(span.from)) + 3, y: y + callHeight / 2, text });
    }
  }
}

/** Clients by name; a client that never heard of a call goes on under another number. */
function clientsOf({ calls }: Recording): readonly string[] {
  const names = new Set(calls.map(({ client }) => client.replace(/\.\d+$/, '')));
  return [...names].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  let power = 0.001;
  for (;;) {
    for (const factor of [1, 2, 5]) if (power * factor >= least) return power * factor;
    power *= 10;
  }
}
