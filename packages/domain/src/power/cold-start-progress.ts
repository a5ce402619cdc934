// What a cold start does next, seen from how its servers are: begin a wave, wait, pause for a person, end.
import type { ServerId } from '../ids.ts';
import { type Tier, WAITS_FOR } from './cold-start-plan.ts';

/** The step of `power-on-server` after which a server draws power. */
export const POWERED_ON_STEP = 'power it on';

/**
 * `pending`: its wave has not begun. `starting`: its operation runs. `on`: it draws power and boots. `up`: it serves.
 * `failed`: its operation did. `skipped`: it could not be begun any more.
 */
export type ColdServerState = 'pending' | 'starting' | 'on' | 'up' | 'failed' | 'skipped';
export type ColdStartState = 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled';

export type ColdStartItem = { serverId: ServerId; tier: Tier; wave: number; state: ColdServerState };

export type ColdStartDecision =
  | { do: 'begin'; wave: number; servers: ServerId[] }
  | { do: 'wait' }
  /** Those after it need what did not come up. */
  | { do: 'pause'; because: string }
  | { do: 'end'; as: 'succeeded' | 'failed' };

const OVER: readonly ColdServerState[] = ['up', 'failed', 'skipped'];

/** @param acceptedWave  a person has said to go on in spite of what failed up to this wave */
export function decideColdStart(items: readonly ColdStartItem[], acceptedWave: number): ColdStartDecision {
  const waves = [...new Set(items.map(({ wave }) => wave))].sort((a, b) => a - b);
  for (const wave of waves) {
    const ofWave = items.filter((item) => item.wave === wave);
    const pending = ofWave.filter(({ state }) => state === 'pending');
    if (pending.length > 0) return { do: 'begin', wave, servers: pending.map(({ serverId }) => serverId).sort() };
    if (!ofWave.every(settled)) return { do: 'wait' };
    const missing = ofWave.filter(
      ({ tier, state }) => WAITS_FOR[tier] === 'ready' && (state === 'failed' || state === 'skipped'),
    );
    if (missing.length > 0 && wave > acceptedWave)
      return {
        do: 'pause',
        because: `${missing.length} of ${ofWave.length} ${missing[0]?.tier} servers of wave ${wave} did not come up`,
      };
  }
  if (!items.every(({ state }) => OVER.includes(state))) return { do: 'wait' };
  return { do: 'end', as: items.every(({ state }) => state === 'up') ? 'succeeded' : 'failed' };
}

/** The next wave may begin. */
function settled({ tier, state }: ColdStartItem): boolean {
  return OVER.includes(state) || (WAITS_FOR[tier] === 'on' && state === 'on');
}
