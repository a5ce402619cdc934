// Whether a schedule runs now, waits or skips, and why. The only place that decides it.
import { activeBlackout, type Blackout } from './blackout.ts';
import { type Cron, parseCron } from './parse-cron.ts';
import { nextPlanned, plannedTimes } from './planned-times.ts';
import { type TimeZone, timeZoneOf } from './time-zone.ts';

/** A run that is under way is never cancelled for the next. */
export const OVERLAPS = ['skip', 'queue_one'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** What becomes of times at which nobody could look: down, or in a blackout window. */
export type MissedPolicy = { policy: 'skip' } | { policy: 'run_once' } | { policy: 'within'; minutes: number };

export type ScheduleRule = {
  cron: string;
  timeZone: string;
  blackouts: readonly Blackout[];
  overlap: Overlap;
  missed: MissedPolicy;
  paused: boolean;
  /** Planned times up to here are decided: the last one looked at, or when the schedule was made, changed or resumed. */
  decidedThrough: string;
};

/** What the schedule is busy with. */
export type LastRuns = { running: string | undefined; queued: string | undefined };

export const SKIP_REASONS = ['blackout', 'still_running', 'missed'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export type RunDecision =
  /** `missed`: how many earlier times nobody looked at; they are made up for by this one run or not at all. */
  | { do: 'run'; plannedAt: string; why: 'due' | 'missed'; missed: number; lateSeconds: number }
  /** Waits for the one that is under way; at most one does. */
  | { do: 'queue'; plannedAt: string; behind: string; missed: number }
  | { do: 'skip'; plannedAt: string; why: SkipReason; missed: number; facts: Record<string, string | number> }
  /** `until` null: until a person does something. */
  | { do: 'wait'; until: string | null; why: 'not_due' | 'paused' | 'blackout' | 'never' };

/** So late is still on time: workers look every second or so, and restart. */
const ON_TIME_MS = 90_000;
const MOST_COUNTED = 1_000;
const DAY = 86_400_000;

/** Throws for a cron expression or time zone that is none: refused long before. @param now  milliseconds since the epoch */
export function decideRun(rule: ScheduleRule, { running, queued }: LastRuns, now: number): RunDecision {
  if (rule.paused) return { do: 'wait', until: null, why: 'paused' };
  const { cron, zone } = clockOf(rule);
  const due = dueTimes(cron, zone, Date.parse(rule.decidedThrough), now);
  if (!due) {
    const next = nextPlanned(cron, zone, Math.max(now, Date.parse(rule.decidedThrough)));
    return next === undefined ? { do: 'wait', until: null, why: 'never' } : { do: 'wait', until: say(next), why: 'not_due' };
  }
  const plannedAt = say(due.latest);
  const missed = due.count - 1;
  const skip = (why: SkipReason, facts: Record<string, string | number>): RunDecision => ({
    do: 'skip',
    plannedAt,
    why,
    missed,
    facts,
  });

  const closed = activeBlackout(rule.blackouts, zone, due.latest);
  if (closed) return skip('blackout', { window: closed.reason, until: say(closed.until) });
  const late = now - due.latest;
  const tooLate = isTooLate(rule.missed, late);
  if (tooLate) return skip('missed', { lateSeconds: Math.round(late / 1000), policy: rule.missed.policy });
  // Planned outside of the window and looked at inside of it: when it ends, it is late, and judged by how late.
  const closedNow = activeBlackout(rule.blackouts, zone, now);
  if (closedNow) return { do: 'wait', until: say(closedNow.until), why: 'blackout' };
  if (running !== undefined && (rule.overlap === 'skip' || queued !== undefined)) return skip('still_running', { running });
  if (running !== undefined) return { do: 'queue', plannedAt, behind: running, missed };
  if (queued !== undefined) return skip('still_running', { running: queued });
  return { do: 'run', plannedAt, why: late > ON_TIME_MS ? 'missed' : 'due', missed, lateSeconds: Math.round(late / 1000) };
}

function isTooLate(policy: MissedPolicy, late: number): boolean {
  if (late <= ON_TIME_MS) return false;
  switch (policy.policy) {
    case 'skip':
      return true;
    case 'run_once':
      return false;
    case 'within':
      return late > policy.minutes * 60_000;
  }
}

/** The newest planned time that has come, and how many have (counted to a thousand); undefined when none has. */
function dueTimes(cron: Cron, zone: TimeZone, from: number, now: number): { latest: number; count: number } | undefined {
  let found: { latest: number; count: number } | undefined;
  for (const time of plannedTimes(cron, zone, from)) {
    if (time > now) return found;
    found = { latest: time, count: (found?.count ?? 0) + 1 };
    if (found.count === MOST_COUNTED) break;
  }
  if (!found) return undefined;
  // Down for so long that counting on is of no use to anybody: the newest of the last day is near enough.
  for (const time of plannedTimes(cron, zone, Math.max(found.latest, now - DAY))) {
    if (time > now) return found;
    found.latest = time;
  }
  return found;
}

/** When it is looked at next after this decision; null: never by itself. */
export function nextLook(rule: ScheduleRule, decision: RunDecision, now: number): string | null {
  if (decision.do === 'wait') return decision.until;
  const { cron, zone } = clockOf(rule);
  const next = nextPlanned(cron, zone, Math.max(now, Date.parse(decision.plannedAt)));
  return next === undefined ? null : say(next);
}

/** The next times after `from`, with the window that would close each. @param most  at most so many */
export function previewTimes(
  rule: Pick<ScheduleRule, 'cron' | 'timeZone' | 'blackouts'>,
  from: number,
  most: number,
): { at: string; blackout: string | null }[] {
  const { cron, zone } = clockOf(rule);
  const times: { at: string; blackout: string | null }[] = [];
  for (const time of plannedTimes(cron, zone, from)) {
    times.push({ at: say(time), blackout: activeBlackout(rule.blackouts, zone, time)?.reason ?? null });
    if (times.length >= most) break;
  }
  return times;
}

function clockOf({ cron, timeZone }: Pick<ScheduleRule, 'cron' | 'timeZone'>): { cron: Cron; zone: TimeZone } {
  const parsed = parseCron(cron);
  const zone = timeZoneOf(timeZone);
  if (!parsed.ok || !zone) throw new Error(`a schedule with an unusable clock: ${cron} in ${timeZone}`);
  return { cron: parsed.cron, zone };
}

const say = (instant: number): string => new Date(instant).toISOString();
