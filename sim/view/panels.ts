import type { Recording } from '../recording/recording.ts';
import { termColor, type Colors } from './colors.ts';
import { element, table, type Child } from './element.ts';
import { logAt, lowerBound, memberAt, secondsText } from './moments.ts';

/** Entries of a log that fit into its row. */
const entriesShown = 13;

/** What each member is like now. */
export function membersPanel(recording: Recording, at: number, colors: Colors): HTMLElement {
  const rows = servers(recording).map((host): readonly Child[] => {
    const { up, paused, role, progress } = memberAt(recording, host, at);
    const state = !up ? 'down' : paused ? 'paused' : (role?.role ?? 'starting');
    const color = up ? (colors.roles[role?.role ?? ''] ?? colors.down) : colors.down;
    return [
      element(
        'span',
        {},
        element('span', { className: 'dot', style: `background:${color}` }),
        recording.hosts[host]!.name,
      ),
      state,
      String(role?.term ?? ''),
      String(progress?.last ?? ''),
      String(progress?.committed ?? ''),
      String(progress?.applied ?? ''),
      String(progress?.revision ?? ''),
    ];
  });
  return section(
    'Members',
    table('Members at this moment', ['', 'is', 'term', 'last', 'commit', 'applied', 'rev'], rows),
  );
}

/** The ends of all logs, side by side; entries of one index that differ are marked. */
export function logsPanel(recording: Recording, at: number): HTMLElement {
  const logs = servers(recording).map((host) => ({
    host,
    ...logAt(recording, host, at),
    applied: memberAt(recording, host, at).progress?.applied ?? 0,
  }));
  const last = Math.max(0, ...logs.map(({ first, terms }) => first + terms.length - 1));
  const from = Math.max(1, last - entriesShown + 1);
  const rows = logs.map(({ host, first, terms, applied }): readonly Child[] => {
    const cells: Child[] = [];
    for (let index = from; index <= last; index++) {
      const term = terms[index - first];
      const differs = logs.some((other) => {
        const theirs = other.terms[index - other.first];
        return term !== undefined && theirs !== undefined && theirs !== term;
      });
      const classes = ['entry', ...(index <= applied ? ['applied'] : []), ...(differs ? ['differs'] : [])];
      const color = term === undefined ? 'transparent' : termColor(term);
      const title = `index ${index}${term === undefined ? '' : `, term ${term}`}${index <= applied ? ', applied' : ''}`;
      cells.push(
        element(
          'span',
          { className: classes.join(' '), style: `background:${color}`, title },
          String(term ?? ' '),
        ),
      );
    }
    return [recording.hosts[host]!.name, element('span', {}, ...cells)];
  });
  const box = element(
    'div',
    { className: 'logs' },
    table('Logs', ['', `terms of entries ${from} to ${last}`], rows),
  );
  return section('Logs', box);
}

export function violationsPanel({ violations }: Recording): HTMLElement {
  if (violations.length === 0)
    return section('Verdict', element('p', { className: 'note' }, 'Everything held.'));
  return section(
    'Broken',
    ...violations.map(({ checker, atMillis, where, message }) =>
      element(
        'div',
        { className: 'violation' },
        element('b', {}, checker),
        ` at ${secondsText(atMillis)}${where === undefined ? '' : ` on ${where}`}: ${message}`,
      ),
    ),
  );
}

/** The timeline's steps, each with a box: without a tick it is left out of the next history. */
export function stepsPanel(
  lines: readonly string[],
  recording: Recording,
  at: number,
  removed: ReadonlySet<number>,
  toggle: (step: number) => void,
): HTMLElement {
  const done = recording.steps;
  const items = lines.map((text, i) =>
    element(
      'li',
      { className: (done[i]?.at ?? Infinity) <= at ? 'past' : '' },
      element('input', {
        type: 'checkbox',
        checked: !removed.has(i),
        'aria-label': `keep step ${i + 1}`,
        onchange: () => toggle(i),
      }),
      element('code', {}, text),
    ),
  );
  return section('Timeline', element('ol', { className: 'steps' }, ...items));
}

/** How stale each component's view of the API is. */
export function cachesPanel({ caches }: Recording, at: number): HTMLElement | undefined {
  const now = new Map<string, { readonly version: number; readonly at: number }>();
  let newest = 0;
  for (const cache of caches.slice(0, lowerBound(caches, at, true))) {
    now.set(cache.cache, cache);
    newest = Math.max(newest, cache.version, cache.newest);
  }
  if (now.size === 0) return undefined;
  const rows = [...now].map(([name, { version, at: since }]) => [
    name,
    String(version),
    version >= newest ? 'fresh' : `${newest - version} behind`,
    `${((at - since) / 1000).toFixed(1)} s ago`,
  ]);
  return section('Views of the API', table('Informers', ['', 'version', '', 'moved'], rows));
}

/** Which pods are on which node, and which wait. */
export function podsPanel({ pods }: Recording, at: number): HTMLElement | undefined {
  const now = new Map<string, { readonly node: string; readonly phase: string }>();
  for (const pod of pods.slice(0, lowerBound(pods, at, true))) {
    if (pod.phase === '') now.delete(pod.pod);
    else now.set(pod.pod, pod);
  }
  if (pods.length === 0) return undefined;
  const nodes = new Map<string, Child[]>([['(waiting)', []]]);
  for (const { node } of pods) if (node !== '' && !nodes.has(node)) nodes.set(node, []);
  for (const [name, { node, phase }] of now) {
    const short = name.slice(name.indexOf('/') + 1);
    nodes
      .get(node === '' ? '(waiting)' : node)!
      .push(element('span', { className: `pod ${phase}`, title: `${name}: ${phase}` }, short));
  }
  const rows = [...nodes].map(([node, cells]): readonly Child[] => [node, element('span', {}, ...cells)]);
  return section('Pods', table('Pods by node', ['node', 'pods'], rows));
}

function servers({ hosts }: Recording): readonly number[] {
  return hosts.flatMap(({ kind }, host) => (kind === 'server' ? [host] : []));
}

function section(title: string, ...children: readonly Child[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), ...children);
}
