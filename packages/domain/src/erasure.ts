// Evidence that a disk was erased, and whether it covers every disk that the server is known to have.
import { hours, seconds } from './durations.ts';
import type { Inspection } from './hardware/inspection.ts';

export type ErasureEvidence = {
  serial: string;
  method: 'ata_secure_erase' | 'nvme_format' | 'blkdiscard_zero' | 'overwrite_zero';
  sizeBytes: number;
  /** What was found when the disk was read again. */
  readBack: 'zero' | 'random' | 'not_zero' | 'unreadable';
  checkedBytes: number;
  startedAt: string;
  finishedAt: string;
};

/** Serials of accepted disks without good evidence; empty means the server may be handed out again. */
export function disksNotErased(accepted: Inspection, evidence: readonly ErasureEvidence[]): string[] {
  const good = new Set(evidence.filter((e) => e.readBack === 'zero' && e.checkedBytes > 0).map((e) => e.serial));
  return accepted.disks.map((disk) => disk.serial).filter((serial) => !good.has(serial));
}

/** Half of what slow disks manage from end to end, in bytes a second: one method may be given up for the next. */
const SLOWEST = { rotational: 60e6, solidState: 300e6 };
const SHORTEST = hours(3);
const LONGEST = hours(120);

/** How long erasing may take, in milliseconds: the agent erases one disk after the other, and eighteen terabytes take days. */
export function erasureLimit({ disks }: Pick<Inspection, 'disks'>): number {
  const longest = disks.map((disk) => disk.sizeBytes / (disk.rotational ? SLOWEST.rotational : SLOWEST.solidState));
  const sum = seconds(longest.reduce((total, some) => total + some, 0));
  return Math.min(Math.max(sum, SHORTEST), LONGEST);
}
