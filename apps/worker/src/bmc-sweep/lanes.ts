// Two lanes for looks at BMCs, so that those that are dead or slow never delay the living.

type Places = { living: number; silent: number };

export type Lanes = {
  /** How many more may begin in each. */
  free(): Places;
  /** Keeps what is free for whoever asked, until `run` uses it or `release` gives it back. */
  reserve(): Places;
  release(places: Places): void;
  /** Takes a reserved place until `work` ends. One that takes too long moves to the other lane. */
  run(lane: keyof Places, work: () => Promise<void>): void;
  /** When all that runs has ended. */
  idle(): Promise<void>;
};

export type LaneSizes = Places & { /** Longer than this is slow. */ slowMs: number };

/** @param onFree  told when a place has become free */
export function lanes({ living, silent, slowMs }: LaneSizes, onFree: () => void): Lanes {
  const taken = { living: 0, silent: 0 };
  const running = new Set<Promise<void>>();
  const free = (): Places => ({ living: living - taken.living, silent: silent - taken.silent });
  const release = (places: Places): void => {
    taken.living -= places.living;
    taken.silent -= places.silent;
  };
  return {
    free,
    release,
    reserve() {
      const reserved = free();
      taken.living = living;
      taken.silent = silent;
      return reserved;
    },
    run(was, work) {
      let lane = was;
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
