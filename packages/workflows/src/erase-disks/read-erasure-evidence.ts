// Reads the agent's evidence of erased disks; what cannot be read is no evidence.
import type { ErasureEvidence } from '@rackwright/domain/erasure.ts';

const METHODS = new Set(['ata_secure_erase', 'nvme_sanitize', 'nvme_format', 'blkdiscard_zero', 'overwrite_zero']);
const READ_BACKS = new Set(['zero', 'random', 'not_zero', 'unreadable']);

/** Malformed entries are dropped: their disks then count as not erased, which is the safe side. */
export function readErasureEvidence(evidence: unknown): ErasureEvidence[] {
  if (typeof evidence !== 'object' || evidence === null || !('disks' in evidence) || !Array.isArray(evidence.disks)) return [];
  return evidence.disks.filter(isEvidence).slice(0, 256);
}

function isEvidence(entry: unknown): entry is ErasureEvidence {
  if (typeof entry !== 'object' || entry === null) return false;
  const e = entry as Record<string, unknown>;
  return (
    typeof e['serial'] === 'string' &&
    METHODS.has(String(e['method'])) &&
    READ_BACKS.has(String(e['readBack'])) &&
    Number.isSafeInteger(e['sizeBytes']) &&
    Number.isSafeInteger(e['checkedBytes']) &&
    typeof e['startedAt'] === 'string' &&
    typeof e['finishedAt'] === 'string'
  );
}
