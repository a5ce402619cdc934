// Which part a work order should name: read from what the BMC said, and looked up among the parts that are on file.
import type { Inspection } from '../hardware/inspection.ts';
import type { PartKind } from '../hardware/judge-repair.ts';
import type { SignalName } from './signals.ts';

export type SuspectedPart = { kind: PartKind; slot: string | null; oldSerial: string | null };

const KINDS: Partial<Record<SignalName, PartKind>> = {
  memory_uncorrectable: 'memory',
  disk_failing: 'disk',
  disk_failed: 'disk',
  processor_failed: 'cpu',
  power_supply_lost: 'power_supply',
  fan_failed: 'fan',
};

/** Where in the message each kind of part is named; the words of vendors differ, the order of word and number does not. */
const SLOTS: Partial<Record<PartKind, RegExp>> = {
  memory: /\b(DIMM[\s_.#-]*[A-Z]{0,2}\d{1,3}|DIMM[\s_.-]?[A-Z]\b|memory[\s#]+\d{1,3})/i,
  disk: /\b((?:slot|bay|drive|disk)[\s_#:]*\d{1,3})\b/i,
  cpu: /\b((?:processor|cpu)[\s_#]*\d{1,2})\b/i,
  power_supply: /\b((?:PSU|PS|power supply)[\s_#]*\d{1,2})\b/i,
  fan: /\b(fan[\s_#]*\d{1,2}[A-Z]?)\b/i,
};
const SERIAL = /\b(?:S\/N|serial(?: number)?)[\s:=]+([A-Z0-9][A-Z0-9_-]{3,63})/i;

/** @param onFile  the accepted hardware: where it knows the slot or the serial, both are named as they stand there */
export function suspectedPart(signal: SignalName, detail: string, onFile: PartsOnFile | null): SuspectedPart {
  const kind = KINDS[signal] ?? 'other';
  const slot = SLOTS[kind]?.exec(detail)?.[1] ?? null;
  const said = SERIAL.exec(detail)?.[1] ?? null;
  if (kind === 'memory') {
    const module = onFile?.memoryModules.find((one) => same(one.slot, slot) || one.serial === said);
    if (module) return { kind, slot: module.slot, oldSerial: named(module.serial) };
  }
  if (kind === 'disk') {
    const disk = onFile?.disks.find(({ serial }) => serial.length > 3 && detail.includes(serial));
    if (disk) return { kind, slot, oldSerial: disk.serial };
  }
  return { kind, slot, oldSerial: said };
}

type PartsOnFile = Pick<Inspection, 'memoryModules' | 'disks'>;

/** "DIMM_A1", "DIMM A1" and "A1" are one slot. */
const bare = (slot: string): string =>
  slot
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .replace(/^DIMM(?=[A-Z0-9])/, '');
const same = (slot: string, other: string | null): boolean => other !== null && bare(slot) === bare(other);
const named = (serial: string): string | null => (serial === '' ? null : serial);
