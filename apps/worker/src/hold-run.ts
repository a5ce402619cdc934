// How long a run's claim is good for, so that a process that hung finds out before it changes anything in the world.
import type { Run, RunStore } from './needs.ts';

export type HeldRun = {
  readonly run: Run;
  /**
   * Ends at once while the claim, by our own clocks, has long enough left that nobody can have taken it over; else after asking.
   * Throws StaleRun. To be awaited right before each write that the step log does not guard.
   */
  refuseIfStale(): Promise<void>;
  renew(): Promise<void>;
};

/** Milliseconds of two clocks: one stops with the machine, the other may be set by hand. */
export type HoldClock = () => { steady: number; wall: number };

export const systemHoldClock: HoldClock = () => ({ steady: performance.now(), wall: Date.now() });

/**
 * @param claimedAt  the clocks before the claim was asked for: it began later, never earlier
 * @param claimMs    how long the claim lasts from each renewal on; with less than half of it left it is renewed first, so that a
 *                   request that is slow to leave is still ours when it does
 */
export function holdRun(
  run: Run,
  { renew }: Pick<RunStore, 'renew'>,
  claimMs: number,
  claimedAt: ReturnType<HoldClock>,
  clock: HoldClock = systemHoldClock,
): HeldRun {
  let since = claimedAt;
  const renewed = async (): Promise<void> => {
    const asked = clock();
    await renew(run, claimMs);
    since = asked;
  };
  return {
    run,
    renew: renewed,
    async refuseIfStale() {
      const now = clock();
      const age = Math.max(now.steady - since.steady, now.wall - since.wall);
      if (age > claimMs / 2) await renewed();
    },
  };
}
