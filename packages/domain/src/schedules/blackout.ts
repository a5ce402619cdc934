// Blackout windows: when nothing of a schedule may begin, once or again and again.
import { parseCron } from './parse-cron.ts';
import { nextPlanned } from './planned-times.ts';
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
  // Windows of one expression may overlap: the last that has begun ends last.
  let until: number | undefined;
  let begins = nextPlanned(parsed.cron, zone, now - length);
  while (begins !== undefined && begins <= now) {
    until = begins + length;
    // Looking on from the newest that may still be running: the one before it ends earlier.
    begins = nextPlanned(parsed.cron, zone, begins);
  }
  return until;
}
