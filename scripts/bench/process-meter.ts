// What a running process has used so far, as Linux counts it, and what it asked of its database.
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export type Used = {
  /** User and system time together. */
  cpuSeconds: number;
  /** The most it ever held in memory. */
  peakMegabytes: number;
  /** How often each statement was sent. */
  statements: ReadonlyMap<string, number>;
};

/** Of the kernel, on every Linux that Node runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/** A process at work answers a signal late, but not that late. */
const LIMIT_MS = 60_000;

/** @param statementsFile  where scripts/bench/count-statements.ts writes; rejects when nothing whole is there within the limit */
export async function measure(pid: number, statementsFile: string, limitMs = LIMIT_MS): Promise<Used> {
  rmSync(statementsFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  const text = await untilWhole(pid, statementsFile, limitMs);
  return {
    cpuSeconds: cpuSecondsOf(pid),
    peakMegabytes: Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    statements: new Map(text),
  };
}

export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold anything; what follows it is numbers (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Written while we read it is no JSON yet, and before that there is no file. */
async function untilWhole(pid: number, file: string, limitMs: number): Promise<[string, number][]> {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as [string, number][];
    } catch (cause) {
      const doing = `waiting for the counts of statements of process ${pid} in ${file}`;
      if (performance.now() >= end) throw new Error(`${doing}: not there, or not whole, after ${limitMs / 1_000} s`, { cause });
      await pause(5);
    }
  }
}

export function countOf({ statements }: Used): number {
  let sum = 0;
  for (const count of statements.values()) sum += count;
  return sum;
}

/** The statements sent most between two measurements. */
export function mostSent(before: Used, after: Used, most: number): { statement: string; count: number }[] {
  return [...after.statements]
    .map(([statement, count]) => ({ statement, count: count - (before.statements.get(statement) ?? 0) }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, most);
}
