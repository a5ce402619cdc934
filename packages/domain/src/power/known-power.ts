// Whether a server draws power as far as we know: what was ordered or seen last, or what its state makes likely.
import type { ServerState } from '../server-lifecycle/table.ts';

/** States in which we leave machines off, or have never touched them. */
const LIKELY_OFF: ReadonlySet<string> = new Set<ServerState | 'in_repair'>([
  'discovered',
  'registered',
  // Onboarding begins by looking, and gives up with the machine off.
  'onboarding',
  'onboarding_failed',
  'available',
  'in_repair',
  'retired',
]);

/** @param seen  null when nobody ordered or saw anything yet: then a machine that may be at work counts as on */
export function countsAsOn(state: string, seen: 'on' | 'off' | null): boolean {
  return seen === null ? !LIKELY_OFF.has(state) : seen === 'on';
}
