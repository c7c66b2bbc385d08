import Table from 'cli-table3';

import { builtinResources } from '../api/resources.ts';
import { must } from '../base/assert.ts';
import { toTable } from '../api/table.ts';
import type { ApiObject, Node, Pod } from '../api/types.ts';

/** A plain table, columns aligned, no frame: what kubectl users are used to. */
export function textTable(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const table = new Table({
    head: [...head],
    chars: none,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => row.map((cell) => String(cell))));
  return table.toString().replace(/ +$/gm, '');
}

/** Objects as the API server's own Table shows them (`kubectl get`), with the chosen columns. */
function objectTable(
  resource: string,
  objects: readonly ApiObject[],
  columns: readonly string[],
  now: number,
): string {
  const definition = must(builtinResources.find((candidate) => candidate.resource === resource));
  const names = definition.columns.map((column) => column.name);
  const indexes = columns.map((column) => names.indexOf(column));
  const { rows } = toTable(definition, objects, { includeObject: 'None', now });
  return textTable(
    columns.map((column) => column.toUpperCase()),
    rows.map((row) => indexes.map((index) => row.cells[index])),
  );
}

export function nodesTable(nodes: readonly Node[], now: number): string {
  return objectTable('nodes', nodes, ['Name', 'Status', 'Age', 'Version', 'Internal-IP'], now);
}

export function podsTable(pods: readonly Pod[], now: number): string {
  return objectTable('pods', pods, ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node'], now);
}
