// Waiting with a limit: asks again, also while Rackwright is away, and says what was seen last when it never came to that.
import { setTimeout as pause } from 'node:timers/promises';

/** @param what  for the error: what was waited for */
export async function untilSeen<T>(
  what: string,
  limitMs: number,
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
): Promise<T> {
  let last = 'nothing';
  for (const end = Date.now() + limitMs; ; await pause(100)) {
    try {
      const seen = await look();
      if (holds(seen)) return seen;
      last = JSON.stringify(seen);
    } catch (thrown) {
      last = String(thrown);
    }
    if (Date.now() > end) throw new Error(`never came to "${what}" within ${limitMs / 1_000} s; seen last: ${last}`);
  }
}
