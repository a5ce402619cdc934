// So many at once and no more: whoever comes later waits in a short line, or is told to come again.
import { HttpProblem } from './exchange.ts';

export type Gate = {
  /** Runs `deed` inside; throws HttpProblem 503 with Retry-After when the line is full too. */
  through<T>(deed: () => Promise<T>): Promise<T>;
  readonly inside: number;
};

export type GateRefusal = { code: string; retryAfterSeconds: number };

/** @param line  how many may wait for a place; only where a turn is short, since they wait without a word */
export function gate(limit: number, refusal: GateRefusal, line = 0): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (inside < limit) {
      inside += 1;
      return;
    }
    if (waiting.length >= line) throw new HttpProblem(503, refusal.code, refusal.retryAfterSeconds);
    // The place is handed over: it stays taken.
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else inside -= 1;
  }

  return {
    async through(deed) {
      await enter();
      try {
        return await deed();
      } finally {
        leave();
      }
    },
    get inside() {
      return inside;
    },
  };
}
