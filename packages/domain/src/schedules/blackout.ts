// Blackout windows: when nothing of a schedule may begin, once or again and again.
import { type Cron, parseCron } from './parse-cron.ts';
import { nextPlanned, plannedTimes } from './planned-times.ts';
import type { TimeZone } from './time-zone.ts';

export type Blackout = { reason: string } & (
  | { from: string; until: string }
  /** From each time that the expression names, in the schedule's time zone, for so many minutes. */
  | { cron: string; minutes: number }
);

/** A month: longer is a pause, not a window. */
export const LONGEST_BLACKOUT_MINUTES = 31 * 1_440;

export type ActiveBlackout = { reason: string; until: number };

/** The window that is open and ends last; undefined when none is. @param now  milliseconds since the epoch */
export function activeBlackout(blackouts: readonly Blackout[], zone: TimeZone, now: number): ActiveBlackout | undefined {
  const open = blackouts.flatMap((blackout) => {
    const until = openUntil(blackout, zone, now);
    return until === undefined ? [] : [{ reason: blackout.reason, until }];
  });
  return open.toSorted((a, b) => b.until - a.until)[0];
}

function openUntil(blackout: Blackout, zone: TimeZone, now: number): number | undefined {
  if ('from' in blackout) {
    const until = Date.parse(blackout.until);
    return Date.parse(blackout.from) <= now && now < until ? until : undefined;
  }
  const parsed = parseCron(blackout.cron);
  if (!parsed.ok) return undefined;
  const length = blackout.minutes * 60_000;
  const first = nextPlanned(parsed.cron, zone, now - length);
  if (first === undefined || first > now) return undefined;
  return lastPlanned(parsed.cron, zone, first, now) + length;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Windows of one expression may overlap: the last that has begun ends last. Looked for backwards, so that a window of every minute is
 * not walked through minute by minute. @param first  one that is known @param now  not before it
 */
function lastPlanned(cron: Cron, zone: TimeZone, first: number, now: number): number {
  for (let from = now - HOUR; from > first; from -= DAY) {
    let last: number | undefined;
    for (const time of plannedTimes(cron, zone, from)) {
      if (time > now) break;
      last = time;
    }
    if (last !== undefined) return last;
  }
  let last = first;
  for (const time of plannedTimes(cron, zone, first)) {
    if (time > now) break;
    last = time;
  }
  return last;
}
