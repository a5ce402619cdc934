// How often the fleet sweep looks at a server's BMC, by what the server does; and when in the interval, so that a fleet does not stampede.
import { minutes, seconds } from '../durations.ts';
import { isServing, type ServerState, STATES } from '../server-lifecycle/table.ts';

export type SweepTier = 'serving' | 'working' | 'idle' | 'none';

/** Milliseconds between two looks, and between two readings of the event log. */
export type SweepPace = { lookMs: number; logMs: number };

export const SWEEP_PACES: Readonly<Record<Exclude<SweepTier, 'none'>, SweepPace>> = {
  serving: { lookMs: seconds(60), logMs: minutes(10) },
  // Not more often than while serving: its workflow looks every few seconds where it waits for power.
  working: { lookMs: seconds(60), logMs: minutes(10) },
  idle: { lookMs: minutes(5), logMs: minutes(30) },
};

// Nobody proved these BMCs yet (onboarding does, and a wrong password may lock an account), or the machine is not ours any more.
const UNPROVEN: ReadonlySet<string> = new Set(['discovered', 'registered', 'retired']);

export function sweepTier(state: ServerState): SweepTier {
  if (UNPROVEN.has(state)) return 'none';
  if (isServing(state)) return 'serving';
  return STATES[state].kind === 'working' ? 'working' : 'idle';
}

/** The states whose servers are swept. */
export function sweptStates(): ServerState[] {
  return (Object.keys(STATES) as ServerState[]).filter((state) => sweepTier(state) !== 'none');
}

/**
 * The server's next place in the interval: always the same phase, at least half an interval away.
 * @param spread  a number that is the server's own, evenly distributed over the fleet
 */
export function nextSlot(now: number, intervalMs: number, spread: number): number {
  const phase = spread % intervalMs;
  const next = now + intervalMs - ((((now - phase) % intervalMs) + intervalMs) % intervalMs);
  return next - now < intervalMs / 2 ? next + intervalMs : next;
}
