import Table from 'cli-table3';

import { stdoutColors as colors } from '../../src/cli/colors.ts';
import type { BenchCase, Figures, Row, Target } from './cases.ts';

/** A row as it is stored: bench/results/etcd.json. */
export interface MeasuredRow {
  readonly case: string;
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Medians of the rounds. */
  readonly etcd: number;
  readonly drydock: number;
  readonly ratio: number;
  readonly target?: Target & { readonly met: boolean };
  readonly rounds: { readonly etcd: readonly number[]; readonly drydock: readonly number[] };
}

/** What all rounds of a case measured, in order. */
export interface Rounds {
  readonly etcd: readonly Figures[];
  readonly drydock: readonly Figures[];
}

export function measuredRows({ name, rows }: BenchCase, rounds: Rounds): MeasuredRow[] {
  return rows.map((row) => {
    const etcd = rounds.etcd.map((figures) => figures[row.id]!);
    const drydock = rounds.drydock.map((figures) => figures[row.id]!);
    const medians = { etcd: median(etcd), drydock: median(drydock) };
    const ratio = medians.drydock / medians.etcd;
    return {
      case: name,
      id: row.id,
      title: row.title,
      unit: row.unit,
      ...medians,
      ratio,
      ...(row.target !== undefined && { target: judged(row.target, ratio, medians.drydock) }),
      rounds: { etcd, drydock },
    };
  });
}

function judged(target: Target, ratio: number, drydock: number): Target & { readonly met: boolean } {
  const figure = target.of === 'ratio' ? ratio : drydock;
  return { ...target, met: target.bound === 'at least' ? figure >= target.value : figure <= target.value };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function renderTable(rows: readonly MeasuredRow[]): string {
  const table = new Table({
    head: ['case', 'unit', 'etcd', 'drydock', 'ratio', 'target', ''],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { title, unit, etcd, drydock, ratio, target } of rows) {
    const mark = target === undefined ? '' : target.met ? colors.green('✔') : colors.red('✘');
    table.push([title, unit, figure(etcd), figure(drydock), ratio.toFixed(2), wanted(target, unit), mark]);
  }
  return table.toString();
}

function wanted(target: Row['target'], unit: string): string {
  if (target === undefined) return '';
  const sign = target.bound === 'at least' ? '≥' : '≤';
  return target.of === 'ratio' ? `${sign} ${target.value.toFixed(1)}` : `${sign} ${target.value} ${unit}`;
}

function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
