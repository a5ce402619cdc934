// Clocks on the wall: what a time zone's clock shows at an instant, and at which instants it shows a given time.
// All wall times here are milliseconds as if the wall were in UTC.

export type TimeZone = {
  readonly name: string;
  /** What the wall shows. @param instant  milliseconds since the epoch */
  wallAt(instant: number): number;
  /** When the wall shows it: once, twice (clocks went back: the earlier first), or never, and then when the gap ends. */
  instantsOf(wall: number): { kind: 'at'; instants: number[] } | { kind: 'gap'; endsAt: number };
  /** The wall runs evenly from a day before to a day after the day that begins at this wall time: its offset; else undefined. */
  evenOffset(wallDay: number): number | undefined;
};

const DAY = 86_400_000;
const MINUTE = 60_000;

/** Undefined for what is not the name of a zone in the IANA database; offsets such as +01:00 are none. */
export function timeZoneOf(name: string): TimeZone | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return undefined;
  const format = formatterOf(name);
  if (!format) return undefined;
  const wallAt = (instant: number): number => readWall(format, instant);
  const offsetAt = (instant: number): number => wallAt(instant) - Math.floor(instant / 1000) * 1000;
  return {
    name,
    wallAt,
    evenOffset(wallDay) {
      const [before, after] = [offsetAt(wallDay - DAY), offsetAt(wallDay + 2 * DAY)];
      return before === after ? before : undefined;
    },
    instantsOf(wall) {
      const offsets = [...new Set([offsetAt(wall - DAY), offsetAt(wall + DAY)])];
      const instants = offsets.map((offset) => wall - offset).filter((instant) => wallAt(instant) === wall);
      if (instants.length > 0) return { kind: 'at', instants: instants.toSorted((a, b) => a - b) };
      return { kind: 'gap', endsAt: gapEnd(wall, offsets, wallAt) };
    },
  };
}

function formatterOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const numeric = 'numeric' as const;
  try {
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      ...fields,
    });
  } catch {
    return undefined;
  }
}

function readWall(format: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The first minute that the wall shows after the gap; zones change on whole minutes. */
function gapEnd(wall: number, offsets: readonly number[], wallAt: (instant: number) => number): number {
  let before = wall - Math.max(...offsets);
  let after = wall - Math.min(...offsets);
  while (after - before > MINUTE) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE) * MINUTE;
    if (wallAt(middle) < wall) before = middle;
    else after = middle;
  }
  return after;
}
