// So many at once and no more: whoever comes later is told to come again, which beats serving everybody too slowly.
import { HttpProblem } from './exchange.ts';

export type Gate = {
  /** Runs `deed` inside; throws HttpProblem 503 with Retry-After when it is full. */
  through<T>(deed: () => Promise<T>): Promise<T>;
  readonly inside: number;
};

export function gate(limit: number, { code, retryAfterSeconds }: { code: string; retryAfterSeconds: number }): Gate {
  let inside = 0;
  return {
    async through(deed) {
      if (inside >= limit) throw new HttpProblem(503, code, retryAfterSeconds);
      inside += 1;
      try {
        return await deed();
      } finally {
        inside -= 1;
      }
    },
    get inside() {
      return inside;
    },
  };
}
