// What follows from an attempt to deliver: again and when, given up, or the whole webhook switched off.
import { hours, minutes, seconds } from '../durations.ts';

export type DeliveryPolicy = {
  firstRetryMs: number;
  /** Each wait is this many times the one before, up to the longest. */
  growth: number;
  longestRetryMs: number;
  /** A message that is refused for so long, while others are taken, is given up. */
  giveUpAfterMs: number;
  /** A receiver that takes nothing for so long is no longer sent anything. */
  disableAfterMs: number;
  /** After an outage of at least so long, the first message that is taken makes all that wait due at once. */
  outageMs: number;
};

export const DELIVERY_POLICY: DeliveryPolicy = {
  firstRetryMs: seconds(5),
  growth: 4,
  longestRetryMs: hours(12),
  giveUpAfterMs: 3 * hours(24),
  disableAfterMs: 5 * hours(24),
  outageMs: minutes(5),
};

export type AttemptOutcome =
  | { kind: 'taken'; status: number }
  /** No status: no answer. The receiver may say when it wants to be asked again. */
  | { kind: 'refused'; status: number | null; retryAfterMs: number | null };

export type Circumstances = {
  /** Attempts before this one. */
  attempts: number;
  sinceFirstAttemptMs: number;
  /** How long the receiver has taken nothing at all; null when its last answer was good. */
  failingMs: number | null;
  /** Did it take any other message since the first attempt of this one? */
  tookOthersSince: boolean;
};

export type DisableReason = 'receiver_gone' | 'failing_too_long';
export type Verdict =
  | { delivery: 'delivered' }
  | { delivery: 'given_up' }
  | { delivery: 'pending'; retryInMs: number; disable: DisableReason | null };

const GONE = 410;

/** @param random  from 0 to below 1: spreads the retries of many messages that failed together */
export function judgeAttempt(outcome: AttemptOutcome, seen: Circumstances, random: number, policy: DeliveryPolicy): Verdict {
  if (outcome.kind === 'taken') return { delivery: 'delivered' };
  const retryInMs = Math.max(retryPause(seen.attempts, random, policy), patience(outcome.retryAfterMs, policy));
  // "The resource is permanently gone": the specification asks us to stop.
  if (outcome.status === GONE) return { delivery: 'pending', retryInMs, disable: 'receiver_gone' };
  // Given up only for what it is itself: while the receiver takes nothing at all, its line waits, so that an outage loses nothing.
  if (seen.tookOthersSince && seen.sinceFirstAttemptMs >= policy.giveUpAfterMs) return { delivery: 'given_up' };
  const tooLong = seen.failingMs !== null && seen.failingMs >= policy.disableAfterMs;
  return { delivery: 'pending', retryInMs, disable: tooLong ? 'failing_too_long' : null };
}

/** 5 s, 20 s, 80 s … 12 h, each up to a fifth shorter or longer. */
export function retryPause(attempts: number, random: number, policy: DeliveryPolicy): number {
  const pause = Math.min(policy.firstRetryMs * policy.growth ** Math.min(attempts, 64), policy.longestRetryMs);
  return Math.round(pause * (0.8 + random * 0.4));
}

/** A receiver may slow us down, not silence us. */
function patience(retryAfterMs: number | null, policy: DeliveryPolicy): number {
  return Math.min(Math.max(0, retryAfterMs ?? 0), Math.max(policy.longestRetryMs, minutes(1)));
}
