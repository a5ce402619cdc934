// What the operator of a chaos run does with each server, decided by the seed alone: not by when it looks, nor at which server first.
import { type Random, seeded } from './seeded.ts';

/** One visit: from a server's coming to rest until the end of what was begun with it then. */
export type Visit = {
  /** How long the server is left alone first, milliseconds. */
  restMs: number;
  /** After how many milliseconds what was begun is cancelled; it is mostly over before. */
  cancelAfterMs: number;
  next(state: string): Begun;
};

export type Begun = 'onboard' | 'provision' | 'reimage' | 'release' | 'isolate' | 'validate' | undefined;

const MEAN_REST_MS = 1_300;
const MEAN_UNTIL_CANCEL_MS = 40_000;
/** Of any one decision: longer ones than ten means are as good as never. */
const LEAST_PART = 1e-5;

export const NEXT: Readonly<Record<string, Begun>> = {
  registered: 'onboard',
  onboarding_failed: 'onboard',
  available: 'provision',
  provisioning_failed: 'release',
  in_service: 'release',
  degraded: 'release',
  quarantined: 'release',
  in_repair: 'validate',
};

/** The visits of one server, one after the other. @param server  its number from 0 */
export function visitsOf(seed: number, server: number): () => Visit {
  // Far from the seeds of whatever else is thrown in a run.
  const random = seeded(Math.imul(seed, 1_000_003) + Math.imul(server + 1, 0x9e3779b1));
  return () => {
    const visit = { restMs: after(random, MEAN_REST_MS), cancelAfterMs: after(random, MEAN_UNTIL_CANCEL_MS) };
    // All of them at every visit, needed or not: the next visit throws the same numbers whatever this one met.
    const dice = { reimage: random.chance(1 / 3), repairsBusy: random.chance(1 / 4), repairsIdle: random.chance(1 / 8) };
    return { ...visit, next: (state) => nextOf(state, dice) };
  };
}

/** As long as something takes that happens with the same chance at every moment. */
function after(random: Random, mean: number): number {
  return Math.round(-Math.log(random.between(LEAST_PART, 1)) * mean);
}

/** One node in three is written again before it goes, one in four of the others goes to repair; of those that are idle one in eight. */
function nextOf(state: string, dice: { reimage: boolean; repairsBusy: boolean; repairsIdle: boolean }): Begun {
  if (state === 'in_service' && dice.reimage) return 'reimage';
  if (state === 'in_service' && dice.repairsBusy) return 'isolate';
  if (state === 'available' && dice.repairsIdle) return 'isolate';
  return NEXT[state];
}
