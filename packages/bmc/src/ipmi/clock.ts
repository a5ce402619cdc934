// Time as the IPMI driver sees it, so that a test of a 300-second wait need not take 300 seconds.

export type IpmiClock = {
  /** Milliseconds from some fixed point. */
  now(): number;
  /** Calls `act` once after `ms`; the answer calls it off. */
  after(ms: number, act: () => void): () => void;
};

export const systemClock: IpmiClock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

export function pause(clock: IpmiClock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

export type Patience = { everyMs: number; withinMs: number };

/** Asks at once and then every `everyMs` until the answer is there; undefined when it did not come in time. */
export async function poll<T>(clock: IpmiClock, patience: Patience, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = clock.now() + patience.withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || clock.now() + patience.everyMs > deadline) return answer;
    await pause(clock, patience.everyMs);
  }
}
