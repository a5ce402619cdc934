// The instants that a cron expression names in a time zone, one after the other, also where the clocks change.
//
// Clocks forward: a time that is left out runs once, when the gap ends. Clocks back: a time that comes twice runs the first time.
// With `*` for the hour the schedule follows real time instead: nothing is made up for, and both passes of the hour count.
import type { Cron } from './parse-cron.ts';
import type { TimeZone } from './time-zone.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
/** The 29th of February comes after eight years at the latest. */
const MOST_DAYS = 9 * 366;

/** In order, each once, none at or before `after`; ends when nine years have none. @param after  milliseconds since the epoch */
export function* plannedTimes(cron: Cron, zone: TimeZone, after: number): Generator<number> {
  const firstDay = Math.floor(zone.wallAt(after) / DAY) * DAY - DAY;
  let last = after;
  let daysWithout = 0;
  for (let day = firstDay; daysWithout < MOST_DAYS; day += DAY) {
    daysWithout += 1;
    if (!isDay(cron, day)) continue;
    for (const instant of instantsOfDay(cron, zone, day)) {
      if (instant <= last) continue;
      last = instant;
      daysWithout = 0;
      yield instant;
    }
  }
}

/** Undefined: there is none. */
export function nextPlanned(cron: Cron, zone: TimeZone, after: number): number | undefined {
  const { value } = plannedTimes(cron, zone, after).next();
  return value ?? undefined;
}

function isDay({ daysOfMonth, months, daysOfWeek, eitherDay }: Cron, day: number): boolean {
  const date = new Date(day);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const ofMonth = daysOfMonth.includes(date.getUTCDate());
  const ofWeek = daysOfWeek.includes(date.getUTCDay());
  return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
}

/** In order, possibly with repetitions. */
function instantsOfDay(cron: Cron, zone: TimeZone, day: number): number[] {
  const walls = cron.hours.flatMap((hour) => cron.minutes.map((minute) => day + hour * HOUR + minute * MINUTE));
  const offset = zone.evenOffset(day);
  if (offset !== undefined) return walls.map((wall) => wall - offset);
  const instants = walls.flatMap((wall) => {
    const found = zone.instantsOf(wall);
    if (found.kind === 'gap') return cron.everyHour ? [] : [found.endsAt];
    return cron.everyHour ? found.instants : found.instants.slice(0, 1);
  });
  return instants.toSorted((a, b) => a - b);
}
