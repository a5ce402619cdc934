// May hands go into the machine now? Only what its BMC says at this moment counts, or a named person's word while it says nothing.
import type { PowerState } from '../bmc.ts';
import { seconds } from '../durations.ts';
import type { WorkOrderState } from './table.ts';

/** What the BMC said last; `power` null with the code of why it said nothing. */
export type PowerSighting = { power: PowerState | null; silentBecause: string | null; at: string };
export type PowerWord = { person: string; evidence: string; at: string };

export type SafeToPull =
  | { safe: true; because: 'bmc_reports_off' | 'confirmed_by_person' }
  | { safe: false; because: 'not_isolated' | 'power_on' | 'power_not_seen' | 'power_seen_too_long_ago' };

/** An older sighting says nothing of now: whoever watches looks every few seconds. */
export const SIGHTING_GOOD_FOR = seconds(15);

/** @param now  milliseconds since the epoch */
export function judgeSafeToPull(
  state: WorkOrderState,
  seen: PowerSighting | null,
  word: PowerWord | null,
  now: number,
): SafeToPull {
  if (state !== 'safe' && state !== 'in_progress') return { safe: false, because: 'not_isolated' };
  if (seen === null) return { safe: false, because: 'power_not_seen' };
  if (now - Date.parse(seen.at) > SIGHTING_GOOD_FOR) return { safe: false, because: 'power_seen_too_long_ago' };
  if (seen.power === 'off') return { safe: true, because: 'bmc_reports_off' };
  // A BMC that speaks is believed more than anybody.
  if (seen.power !== null && seen.power !== 'unknown') return { safe: false, because: 'power_on' };
  return word === null ? { safe: false, because: 'power_not_seen' } : { safe: true, because: 'confirmed_by_person' };
}
