// Whether we talk to a BMC at all: a dead one is left alone for longer and longer, one that refuses us until somebody changes something.
import { minutes, seconds } from '../durations.ts';

/** `closed`: all is well. `open`: it did not answer; asked again at `retryAt`. `refused`: it does not take our credentials. */
export type Circuit = {
  state: 'closed' | 'open' | 'refused';
  /** Looks in a row without an answer. */
  failures: number;
  /** How often it opened since it last answered. */
  openings: number;
  /** Epoch milliseconds; only while open. */
  retryAt: number | null;
};

export const CLOSED: Circuit = { state: 'closed', failures: 0, openings: 0, retryAt: null };

export const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = seconds(60);
const LONGEST_PAUSE_MS = minutes(30);
const JITTER = 0.2;

const SILENT: ReadonlySet<string> = new Set(['bmc_unreachable']);

/**
 * @param code  of the Fault: `bmc_unreachable` opens it after three, `bmc_auth_failed` at once and for good. Anything else is an answer.
 * @param spread  the server's own number: those that died together are not asked together
 */
export function afterFailure(circuit: Circuit, code: string, now: number, spread: number): Circuit {
  // Repeated logins lock accounts: only other credentials make another try worth it.
  if (code === 'bmc_auth_failed') return { state: 'refused', failures: 0, openings: 0, retryAt: null };
  if (!SILENT.has(code)) return CLOSED;
  const failures = circuit.failures + 1;
  if (circuit.state !== 'open' && failures < FAILURES_TO_OPEN) return { ...CLOSED, failures };
  return { state: 'open', failures, openings: circuit.openings + 1, retryAt: now + pauseOf(circuit.openings, spread) };
}

/** Milliseconds: one minute, doubled up to half an hour, a fifth more or less. */
export function pauseOf(openings: number, spread: number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(openings, 10), LONGEST_PAUSE_MS);
  // Another share of the jitter at each opening, without randomness: a reading that is repeated gives the same answer.
  const share = (Math.imul(spread + openings * 7_919, 2_654_435_761) >>> 0) / 2 ** 32;
  return Math.round(pause * (1 + JITTER * (2 * share - 1)));
}
