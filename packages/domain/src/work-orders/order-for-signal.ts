// What a technician is told when a part of a server reports that it has failed for good.
import type { PartKind } from '../hardware/judge-repair.ts';
import { rowOf, type SignalName } from '../health/signals.ts';

const KINDS: Partial<Record<SignalName, PartKind>> = {
  memory_uncorrectable: 'memory',
  disk_failing: 'disk',
  disk_failed: 'disk',
  processor_failed: 'cpu',
  power_supply_lost: 'power_supply',
  fan_failed: 'fan',
};

/** @param detail  as the BMC said it: the slot stands there, spelt in its maker's own way */
export function orderForSignal(signal: SignalName, detail: string): { cause: string; part: { kind: PartKind }; notes: string } {
  return {
    cause: rowOf(signal).means,
    part: { kind: KINDS[signal] ?? 'other' },
    notes: detail === '' ? signal : `${signal}: ${detail}`,
  };
}
