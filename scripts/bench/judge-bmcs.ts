// What BMCs must never see from a sweep, whatever it costs: two requests at once, two sessions, or a question while they are left alone.

/** One BMC that we do not talk to as usual, before or after a sweep. Times in milliseconds by the database's clock. */
export type Shunned = {
  circuit: 'open' | 'refused';
  /** Null while refused: nobody knows when somebody gives us other credentials. */
  retryAt: number | null;
  lastErrorAt: number | null;
  /** What has come at it so far; null where nobody listens, and nobody can count. */
  asked: number | null;
};

/** By serial. @param at  when it was read */
export type ShunnedAt = { at: number; bmcs: ReadonlyMap<string, Shunned> };

/** `alone`: how many had to be left alone all the time. `asked`: those of them that were not. */
export function despiteTheBreaker(before: ShunnedAt, after: ShunnedAt): { alone: number; asked: string[] } {
  const asked: string[] = [];
  let alone = 0;
  for (const [serial, was] of before.bmcs) {
    // One whose time came meanwhile may be asked.
    if (was.circuit === 'open' && (was.retryAt === null || was.retryAt <= after.at)) continue;
    alone += 1;
    const is = after.bmcs.get(serial);
    if (is?.circuit !== was.circuit || is.lastErrorAt !== was.lastErrorAt || is.asked !== was.asked) asked.push(serial);
  }
  return { alone, asked };
}

export type SeenAtBmcs = { mostAtOnce: number; mostSessions: number; sessions: number };

/** @returns each broken promise in words */
export function brokenAtBmcs(seen: {
  bmcs: number;
  during: SeenAtBmcs;
  after: SeenAtBmcs;
  sweeps: readonly { name: string; asked: readonly string[] }[];
}): string[] {
  const { bmcs, during, after, sweeps } = seen;
  const broken: string[] = [];
  const mostAtOnce = Math.max(during.mostAtOnce, after.mostAtOnce);
  const mostSessions = Math.max(during.mostSessions, after.mostSessions);
  if (mostAtOnce > 1) broken.push(`${mostAtOnce} requests at once at one BMC`);
  if (mostSessions > 1) broken.push(`${mostSessions} sessions at one BMC`);
  if (during.sessions > bmcs) broken.push(`${during.sessions} sessions at ${bmcs} BMCs`);
  if (after.sessions > 0) broken.push(`${after.sessions} sessions left behind at the end`);
  for (const { name, asked } of sweeps) {
    const [first] = asked;
    if (first !== undefined)
      broken.push(`${name}: ${asked.length} BMCs were asked though they were to be left alone, one is ${first}`);
  }
  return broken;
}
