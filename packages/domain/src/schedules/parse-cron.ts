// Cron expressions of five fields, as crontab(5) has them: minute, hour, day of month, month, day of week.

export type Cron = {
  minutes: readonly number[];
  hours: readonly number[];
  daysOfMonth: readonly number[];
  months: readonly number[];
  /** 0 is Sunday. */
  daysOfWeek: readonly number[];
  /** Both day fields are restricted: then either may match (crontab(5)). */
  eitherDay: boolean;
  /** The hour is `*`: the schedule follows real time, and knows no hour that is missing or comes twice. */
  everyHour: boolean;
};

export type CronFault = { field: string; problem: string };
export type ParsedCron = { ok: true; cron: Cron } | { ok: false; fault: CronFault };

type Field = { name: string; first: number; last: number; names?: readonly string[] };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS = [
  { name: 'minute', first: 0, last: 59 },
  { name: 'hour', first: 0, last: 23 },
  { name: 'day of month', first: 1, last: 31 },
  { name: 'month', first: 1, last: 12, names: MONTHS },
  // 7 is Sunday as well.
  { name: 'day of week', first: 0, last: 7, names: DAYS },
] as const satisfies readonly Field[];

export const CRON_MAX_LENGTH = 200;

/** Never throws: what is wrong, and in which field, is an answer. */
export function parseCron(text: string): ParsedCron {
  if (text.length > CRON_MAX_LENGTH) return fault('expression', `it is longer than ${CRON_MAX_LENGTH} characters`);
  const words = text.trim().split(/\s+/);
  if (words.length !== FIELDS.length) {
    const hint = text.trim().startsWith('@') ? '; write @daily as 0 0 * * *' : '';
    return fault(
      'expression',
      `five fields are needed, minute hour day-of-month month day-of-week, and ${words.length} are there${hint}`,
    );
  }
  const sets: number[][] = [];
  for (const [i, field] of FIELDS.entries()) {
    const values = readField((words[i] ?? '').toLowerCase(), field);
    if (typeof values === 'string') return fault(field.name, values);
    sets.push(values);
  }
  const [minutes = [], hours = [], daysOfMonth = [], months = [], weekdays = []] = sets;
  const daysOfWeek = ordered(weekdays.map((day) => day % 7));
  const restricted = (i: number) => !(words[i] ?? '').startsWith('*');
  return {
    ok: true,
    cron: {
      minutes,
      hours,
      daysOfMonth,
      months,
      daysOfWeek,
      eitherDay: restricted(2) && restricted(4),
      everyHour: words[1] === '*',
    },
  };
}

const fault = (field: string, problem: string): ParsedCron => ({ ok: false, fault: { field, problem } });
const ordered = (values: number[]): number[] => [...new Set(values)].toSorted((a, b) => a - b);

/** The values, or in words what is wrong. */
function readField(text: string, field: Field): number[] | string {
  const values: number[] = [];
  for (const part of text.split(',')) {
    const read = readPart(part, field);
    if (typeof read === 'string') return read;
    values.push(...read);
  }
  return ordered(values);
}

/** `*`, `5`, `mon`, `1-5`, each with a step behind it: `0-59/15`, `8-18/2`. */
function readPart(part: string, field: Field): number[] | string {
  const { first, last } = field;
  const [range = '', stepText, ...more] = part.split('/');
  const step = stepText === undefined ? 1 : readNumber(stepText);
  if (more.length > 0 || step === undefined || step < 1 || step > last)
    return `"${part}" has no step between 1 and ${last} behind its /`;
  const bounds =
    range === '*' ? [first, field.names === DAYS ? 6 : last] : range.split('-').map((word) => readValue(word, field));
  const [from, to = stepText === undefined ? from : last] = bounds;
  if (bounds.length > 2 || from === undefined || to === undefined || bounds.includes(undefined)) {
    return `"${part}" is not *, a number from ${first} to ${last}${field.names ? ', a name like ' + field.names[1] : ''}, or a range of them`;
  }
  if (from > to) return `"${part}" runs backwards; write two ranges with a comma between them`;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

function readValue(word: string, { first, last, names }: Field): number | undefined {
  const named = names?.indexOf(word) ?? -1;
  if (named >= 0) return named + (first === 1 ? 1 : 0);
  const value = readNumber(word);
  return value !== undefined && value >= first && value <= last ? value : undefined;
}

const readNumber = (text: string): number | undefined => (/^\d{1,3}$/.test(text) ? Number(text) : undefined);
