// Looks at other processes by number: is that one still the one we mean, and make it end.
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Numbers are used again; number and start together name one process. */
export type ProcessName = { pid: number; startedAt: string };

/** @returns undefined when there is no such process */
export async function nameProcess(pid: number): Promise<ProcessName | undefined> {
  if (!alive(pid)) return undefined;
  // Field 22 of /proc/<pid>/stat; the program's name before it may hold blanks and brackets. Elsewhere than on Linux: unknown.
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent does not know yet.
  if (fields[0] === 'Z') return undefined;
  return { pid, startedAt: fields[19] ?? 'unknown' };
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function commandLine(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').filter((word) => word !== '');
}

/** @returns did `condition` come true within `ms`? */
export async function within(ms: number, condition: () => Promise<boolean> | boolean): Promise<boolean> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await pause(10);
  }
  return true;
}

/** Ends a Postgres that is not our child: fast shutdown, then the immediate one (which the next start recovers from). */
export async function endPostgres(postmaster: ProcessName): Promise<boolean> {
  for (const [signal, ms] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch {
      return true;
    }
    if (await within(ms, async () => (await nameProcess(postmaster.pid))?.startedAt !== postmaster.startedAt)) return true;
  }
  return false;
}
