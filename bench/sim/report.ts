import Table from 'cli-table3';

import { stdoutColors as colors } from '../../src/cli/colors.ts';
import type { BenchCase, Figures, Row } from './cases.ts';

/** A row as it is stored: bench/results/sim.json. */
export interface MeasuredRow extends Row {
  readonly case: string;
  readonly figure: number;
  readonly met?: boolean;
}

export function measuredRows({ name, rows }: BenchCase, figures: Figures): readonly MeasuredRow[] {
  return rows.map((row) => {
    const figure = figures[row.id]!;
    return {
      case: name,
      ...row,
      figure,
      ...(row.atLeast === undefined ? {} : { met: figure >= row.atLeast }),
    };
  });
}

export function renderTable(rows: readonly MeasuredRow[]): string {
  const table = new Table({
    head: ['case', '', 'figure', 'unit', 'target', ''],
    colAligns: ['left', 'left', 'right', 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { case: name, title, figure, unit, atLeast, met } of rows) {
    const mark = met === undefined ? '' : met ? colors.green('✔') : colors.red('✘');
    table.push([name, title, text(figure), unit, atLeast === undefined ? '' : `≥ ${text(atLeast)}`, mark]);
  }
  return table.toString();
}

function text(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
