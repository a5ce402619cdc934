// Evidence that a disk was erased, and whether it covers every disk that the server is known to have.
import { hours, seconds } from './durations.ts';
import type { Inspection } from './hardware/inspection.ts';

export type ErasureEvidence = {
  serial: string;
  method: 'ata_secure_erase' | 'nvme_sanitize' | 'nvme_format' | 'blkdiscard_zero' | 'overwrite_zero';
  sizeBytes: number;
  /** What was found when the disk was read again. */
  readBack: 'zero' | 'random' | 'not_zero' | 'unreadable';
  checkedBytes: number;
  startedAt: string;
  finishedAt: string;
};

export const REMOVALS = ['physically_removed', 'destroyed'] as const;

/** Of a disk that cannot be erased any more: a named person's word for where it went, and what shows it. */
export type RemovalEvidence = {
  serial: string;
  method: (typeof REMOVALS)[number];
  person: string;
  /** A second person who saw it; null when there was none. */
  witness: string | null;
  /** What was done and what shows it: "shredded, protocol 4711, photo attached to DC-4711". */
  evidence: string;
  at: string;
};

/** What accounts for a disk. */
export type DiskProof = ErasureEvidence | RemovalEvidence;

export const isRemoval = (proof: DiskProof): proof is RemovalEvidence => 'person' in proof;

/** A try that read back something else, or nothing, proves nothing; a removal without a name is nobody's word. */
export function isProof(proof: DiskProof): boolean {
  if (isRemoval(proof)) return proof.person.trim() !== '' && proof.evidence.trim() !== '';
  return proof.readBack === 'zero' && proof.checkedBytes > 0;
}

/** Serials of accepted disks without good evidence; empty means the server may be handed out again. */
export function disksNotErased(accepted: Inspection, evidence: readonly DiskProof[]): string[] {
  const good = new Set(evidence.filter(isProof).map((e) => e.serial));
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
