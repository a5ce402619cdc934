// How fast simulated time passes: what takes a server a minute need not take a test one.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

export type Pace = {
  /** Something takes a server this long. At pace 0 it takes none. Rejects when the power goes. */
  takes(milliseconds: number, power: AbortSignal): Promise<void>;
  /** A pause before asking again, a quarter more or less. Never zero: at any pace waiting servers must not become a flood. */
  pause(milliseconds: number, power: AbortSignal): Promise<void>;
  /** How long a server waits for an answer, in real milliseconds: the one who answers is real, and may be busy. */
  patience(milliseconds: number): number;
};

export type PaceSettings = {
  /** Real milliseconds per simulated one; 0 as fast as possible, 1 as a real server. */
  factor: number;
  /** The least part of a pause, and of a server's patience, that is kept whatever the factor. */
  leastPause?: number;
  leastPatience?: number;
};

export function paceOf({ factor, leastPause = 0.2, leastPatience = 0.5 }: PaceSettings): Pace {
  return {
    async takes(milliseconds, power) {
      const real = milliseconds * factor;
      if (real < 1) await nextTurn(undefined, { signal: power });
      else await sleep(real, undefined, { signal: power });
    },
    pause(milliseconds, power) {
      const spread = 0.75 + Math.random() / 2;
      return sleep(milliseconds * Math.max(factor, leastPause) * spread, undefined, { signal: power });
    },
    patience: (milliseconds) => milliseconds * Math.max(factor, leastPatience),
  };
}
