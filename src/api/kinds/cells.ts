import { compareStrings } from '../../base/order.ts';
import { humanDuration } from '../duration.ts';
import { listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { parseTime } from '../time.ts';

/** The words of table cells, as kubectl's users know them (printers/internalversion). */

export const none = '<none>';

export function nameOf(object: JsonMap): string {
  return textOf(mapOf(object['metadata'])['name']);
}

/** How old the object is. */
export function ageOf(object: JsonMap, nowMillis: number): string {
  return sinceText(mapOf(object['metadata'])['creationTimestamp'], nowMillis);
}

/** How long ago a time was; times that are not there are unknown. */
export function sinceText(time: unknown, nowMillis: number): string {
  const millis = typeof time === 'string' ? parseTime(time) : undefined;
  return millis === undefined ? '<unknown>' : humanDuration(nowMillis - millis);
}

/** `a=b,c=d` in key order, or <none>. */
export function labelsText(labels: unknown): string {
  const pairs = Object.entries(mapOf(labels)).map(([key, value]) => `${key}=${textOf(value)}`);
  return pairs.length === 0 ? none : pairs.toSorted(compareStrings).join(',');
}

/** Names and images of a pod template's containers. */
export function containersTexts(podSpec: JsonMap): readonly [names: string, images: string] {
  const containers = listOf(podSpec['containers']).map(mapOf);
  return [
    containers.map((container) => textOf(container['name'])).join(','),
    containers.map((container) => textOf(container['image'])).join(','),
  ];
}
