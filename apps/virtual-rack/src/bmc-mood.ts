// In what state a simulated BMC is as a whole, and how many requests felt it: a trouble that nobody met proves nothing.
import type { BmcHealth, PowerState } from '@rackwright/domain/bmc.ts';

export type BmcMood = {
  /** What it says of power instead of the truth. */
  stalePower: PowerState | undefined;
  /** What it sums up from all parts. */
  health: BmcHealth;
  /** Nobody may log in, as after too many wrong passwords; open sessions go on. */
  lockedOut: boolean;
  /** Somebody else holds every place for sessions. */
  full: boolean;
  /** Requests that were answered otherwise because of it. */
  readonly felt: Record<'stalePower' | 'lockedOut' | 'full', number>;
};

/** As long as nobody changes it: a BMC that is well. */
export function goodMood(): BmcMood {
  return { stalePower: undefined, health: 'ok', lockedOut: false, full: false, felt: { stalePower: 0, lockedOut: 0, full: 0 } };
}

/** What its BMC says of power, asked once for each answer. */
export function saidPower({ mood, power }: { mood: BmcMood; power: () => PowerState }): PowerState {
  const truth = power();
  if (mood.stalePower === undefined || mood.stalePower === truth) return truth;
  mood.felt.stalePower += 1;
  return mood.stalePower;
}

/** Asked for each login. */
export function isLockedOut(mood: BmcMood | undefined): boolean {
  if (mood?.lockedOut !== true) return false;
  mood.felt.lockedOut += 1;
  return true;
}

/** Asked for each session that somebody wants. */
export function isFull(mood: BmcMood | undefined): boolean {
  if (mood?.full !== true) return false;
  mood.felt.full += 1;
  return true;
}
