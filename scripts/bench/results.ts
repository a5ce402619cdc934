// Results of benchmarks: kept below .rackwright/bench, compared with the committed ones as ratios.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** By name: how many times the peer's cost something costs. Machine speed cancels out; smaller is better. */
export type Ratios = Readonly<Record<string, number>>;

export type BenchResult = { ratios: Ratios; [fact: string]: unknown };

/** Writes .rackwright/bench/<name>.json, and with `commit` test/bench/<name>.json too. */
export function keepResult(name: string, result: BenchResult, options: { commit: boolean }): void {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  const folder = join(ROOT, '.rackwright/bench');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), text);
  if (options.commit) writeFileSync(join(ROOT, 'test/bench', `${name}.json`), text);
}

export function committedResult(name: string): BenchResult | undefined {
  try {
    return JSON.parse(readFileSync(join(ROOT, 'test/bench', `${name}.json`), 'utf8')) as BenchResult;
  } catch {
    return undefined;
  }
}

export type Comparison = { name: string; now: number; committed: number; times: number };

export function compare(now: Ratios, committed: Ratios): Comparison[] {
  return Object.entries(now).flatMap(([name, value]) => {
    const before = committed[name];
    return before === undefined || before === 0 ? [] : [{ name, now: value, committed: before, times: value / before }];
  });
}

/** Columns padded to their widest cell; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? figure(cell) : cell)));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return cells.map(line).join('\n');
}

function figure(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
}
