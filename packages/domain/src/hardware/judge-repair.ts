// After a repair: is what is counted now what was accepted, but for the very part that the work order says was replaced?
import type { Facts } from '../errors.ts';
import { compareInspections, type Inspection } from './inspection.ts';

export const PART_KINDS = ['memory', 'disk', 'nic', 'power_supply', 'fan', 'board', 'cpu', 'other'] as const;
export type PartKind = (typeof PART_KINDS)[number];

export type RepairReview = {
  accepted: Inspection;
  seen: Inspection;
  replaced: { kind: PartKind; oldSerial: string | null; newSerials: readonly string[] } | null;
  /** Serials of disks that a named person took out or destroyed: nothing is left of them unaccounted for. */
  disksRemoved: readonly string[];
};

export type JudgedRepair =
  | { ok: true /** The new count is to stand for the server. */; accept: boolean; differences: string[] }
  | { ok: false; code: 'hardware_changed' | 'disk_dropped_unerased'; facts: Facts };

type Part = { kind: 'memory' | 'disk' | 'nic'; serial: string };

/** A swap that matches the order is accepted; whatever else differs waits for a person who reviews it. */
export function judgeRepair({ accepted, seen, replaced, disksRemoved }: RepairReview): JudgedRepair {
  const before = partsOf(accepted);
  const now = partsOf(seen);
  const gone = before.filter((part) => !has(now, part));
  const added = now.filter((part) => !has(before, part));

  const lost = gone.find(({ kind, serial }) => kind === 'disk' && !disksRemoved.includes(serial));
  if (lost) return { ok: false, code: 'disk_dropped_unerased', facts: { disk: lost.serial } };

  const unexpected = [
    ...wholeDifferences(accepted, seen, added.length > 0),
    ...added.filter((part) => !isNew(part, replaced)).map(({ kind, serial }) => `${kind} ${serial} is new`),
    ...gone.filter((part) => !isOld(part, gone, added, replaced)).map(({ kind, serial }) => `${kind} ${serial} is gone`),
    ...missing(now, replaced),
  ];
  if (unexpected.length > 0)
    return { ok: false, code: 'hardware_changed', facts: { differences: unexpected.slice(0, 20).join('; ') } };
  const differences = [
    ...gone.map(({ kind, serial }) => `${kind} ${serial} was replaced`),
    ...added.map(({ kind, serial }) => `${kind} ${serial} is new`),
  ];
  return { ok: true, accept: differences.length > 0, differences };
}

/** What has no serial is known by nothing: its loss shows in the sum. */
function partsOf({ memoryModules, disks, nics }: Inspection): Part[] {
  const parts: Part[] = [
    ...memoryModules.map(({ serial }): Part => ({ kind: 'memory', serial })),
    ...disks.map(({ serial }): Part => ({ kind: 'disk', serial })),
    ...nics.map(({ mac }): Part => ({ kind: 'nic', serial: mac })),
  ];
  return parts.filter(({ serial }) => serial !== '');
}

const has = (parts: readonly Part[], { kind, serial }: Part): boolean =>
  parts.some((part) => part.kind === kind && part.serial === serial);
const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Another board or processor is never accepted unseen, and less memory never at all. */
function wholeDifferences(accepted: Inspection, seen: Inspection, grew: boolean): string[] {
  const more = grew && seen.memoryBytes > accepted.memoryBytes;
  return compareInspections(accepted, seen)
    .filter(({ part }) => part === 'serial' || part === 'cpu' || (part === 'memory' && !more))
    .map(({ what }) => what);
}

function isNew({ kind, serial }: Part, replaced: RepairReview['replaced']): boolean {
  return replaced !== null && replaced.kind === kind && replaced.newSerials.some((named) => same(named, serial));
}

/** One leaves for each that came: the one that the order names, or any where it names none. NICs on file are a person's to review. */
function isOld(part: Part, gone: readonly Part[], added: readonly Part[], replaced: RepairReview['replaced']): boolean {
  if (part.kind === 'nic' || replaced === null || replaced.kind !== part.kind) return false;
  if (replaced.oldSerial !== null && same(replaced.oldSerial, part.serial)) return true;
  const count = (parts: readonly Part[]) => parts.filter(({ kind }) => kind === part.kind).length;
  return count(gone) <= count(added) && (replaced.oldSerial === null || replaced.newSerials.length > 1);
}

/** A part that is said to be in it and is not counted does not work, or lies on the floor. */
function missing(now: readonly Part[], replaced: RepairReview['replaced']): string[] {
  if (replaced === null || (replaced.kind !== 'memory' && replaced.kind !== 'disk')) return [];
  return replaced.newSerials
    .filter((named) => !now.some(({ kind, serial }) => kind === replaced.kind && same(serial, named)))
    .map((named) => `${replaced.kind} ${named} is not counted`);
}
