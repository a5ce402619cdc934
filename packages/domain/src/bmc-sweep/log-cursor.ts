// Which entries of a BMC's event log are new since it was last read: BMCs count up, clear their logs, and begin to count anew.
import type { BmcLogEntry } from '../bmc.ts';

/** The entry that was newest at the last reading; null: the log was empty. */
export type LogCursor = { id: string; at: string | null } | null;

export type NewEntries = { entries: BmcLogEntry[]; cursor: LogCursor };

/** Entries of one log in the BMC's order, whichever that is. Oldest first in the answer. */
export function newEntries(log: readonly BmcLogEntry[], cursor: LogCursor): NewEntries {
  const ordered = log.toSorted(byAge);
  const last = ordered.at(-1);
  const next: LogCursor = last === undefined ? null : { id: last.id, at: last.at };
  if (cursor === null || last === undefined) return { entries: ordered, cursor: next };
  const known = ordered.find(({ id }) => id === cursor.id);
  // Another entry under that number, or all numbers are smaller: the log was cleared meanwhile, so everything in it is new.
  const cleared = known === undefined ? byAge(last, { ...last, ...cursor }) < 0 : known.at !== cursor.at;
  if (cleared) return { entries: ordered, cursor: next };
  return { entries: ordered.filter((entry) => byAge(entry, { ...entry, ...cursor }) > 0), cursor: next };
}

/** By number where both have one: clocks of BMCs jump, their counters seldom. */
function byAge(a: BmcLogEntry, b: BmcLogEntry): number {
  if (/^\d{1,15}$/.test(a.id) && /^\d{1,15}$/.test(b.id)) return Number(a.id) - Number(b.id);
  const [left, right] = [`${a.at ?? ''} ${a.id}`, `${b.at ?? ''} ${b.id}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Of note: what a person or the health rules may want to act on. Bounded: the newest. */
export function notableEntries(entries: readonly BmcLogEntry[], most: number): BmcLogEntry[] {
  return entries.filter(({ severity }) => severity !== 'ok').slice(-most);
}
