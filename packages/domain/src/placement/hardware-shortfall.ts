// Is one machine at least as good as another: cores, memory, and for each disk one of its own.
import type { Facts } from '../errors.ts';

export type SpareDisk = { sizeBytes: number; rotational: boolean };

/** The part of an accepted inspection that a workload feels. */
export type SpareHardware = {
  product: string;
  architecture: string;
  cores: number;
  memoryBytes: number;
  disks: readonly SpareDisk[];
};

/** The kernel keeps some memory to itself and not always as much: a module less is far more than a sixteenth. */
const MEMORY_TOLERANCE = 1 / 16;
/** Makers agree on the size of a disk to within a few percent. */
const DISK_TOLERANCE = 1 / 20;

/** The first thing that it lacks, or undefined. */
export function hardwareShortfall(needed: SpareHardware, has: SpareHardware): Facts | undefined {
  if (has.cores < needed.cores) return { part: 'cores', has: has.cores, needed: needed.cores };
  if (has.memoryBytes < needed.memoryBytes * (1 - MEMORY_TOLERANCE))
    return { part: 'memory', has: has.memoryBytes, needed: needed.memoryBytes };
  return diskShortfall(needed.disks, has.disks);
}

/**
 * Each needed disk takes the smallest that is left and large enough; a solid-state one only a solid-state one. Those that need
 * solid-state choose first and the largest of each kind before the smaller: then one that goes without could not have been served.
 */
function diskShortfall(needed: readonly SpareDisk[], has: readonly SpareDisk[]): Facts | undefined {
  const left = [...has].sort((a, b) => a.sizeBytes - b.sizeBytes);
  const asking = [...needed].sort((a, b) => Number(a.rotational) - Number(b.rotational) || b.sizeBytes - a.sizeBytes);
  for (const { sizeBytes, rotational } of asking) {
    const at = left.findIndex((disk) => disk.sizeBytes >= sizeBytes * (1 - DISK_TOLERANCE) && (rotational || !disk.rotational));
    if (at < 0) return { part: rotational ? 'disk' : 'solid-state disk', has: has.length, needed: sizeBytes };
    left.splice(at, 1);
  }
  return undefined;
}
