// Two lanes for looks at BMCs, so that those that are dead or slow never delay the living.

export type Lanes = {
  /** How many more may begin in each. */
  free(): { living: number; silent: number };
  /** Takes a place until `work` ends. One that was silent, or takes too long, stands in the other lane. */
  run(was: 'living' | 'silent', work: () => Promise<void>): void;
  /** When all that runs has ended. */
  idle(): Promise<void>;
};

export type LaneSizes = { living: number; silent: number /** Longer than this is slow. */; slowMs: number };

/** @param onFree  told when a place has become free */
export function lanes({ living, silent, slowMs }: LaneSizes, onFree: () => void): Lanes {
  const taken = { living: 0, silent: 0 };
  const running = new Set<Promise<void>>();
  return {
    free: () => ({ living: living - taken.living, silent: silent - taken.silent }),
    run(was, work) {
      let lane = was;
      taken[lane] += 1;
      const change = (): void => {
        // No room over there: then it stays, and the number of those at work stays bounded.
        if (lane === 'silent' || taken.silent >= silent) return;
        taken.living -= 1;
        taken.silent += 1;
        lane = 'silent';
        onFree();
      };
      const timer = setTimeout(change, slowMs);
      const turn: Promise<void> = work().finally(() => {
        clearTimeout(timer);
        taken[lane] -= 1;
        running.delete(turn);
        onFree();
      });
      running.add(turn);
    },
    async idle() {
      await Promise.allSettled(running);
    },
  };
}
