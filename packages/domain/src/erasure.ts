// Evidence that a disk was erased, and whether it covers every disk that the server is known to have.
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
