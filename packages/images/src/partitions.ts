// Which partition of an image the agent grows and which takes the seed, read from its GUID partition table (UEFI 2.10, 5.3).

export type ImagePartitions = { rootPartition: number; seedPartition: number };

//  LBA 1: signature "EFI PART" at 0 | first LBA of entries at 72 (8) | number of entries at 80 (4) | size of one at 84 (4)
//  entry: type GUID (16) | unique GUID (16) | first LBA (8) | last LBA (8) | attributes (8) | name, UTF-16LE (72)
const SECTOR = 512;
const MAX_ENTRIES = 256;
const SEED_NAMES = new Set(['cidata', 'cloud-init', 'seed']);

/** How much of an image's beginning `findPartitions` wants to see. */
export const PARTITION_TABLE_BYTES = 128 * 1024;

/**
 * Root is the partition that lies last, because only that one can grow; the seed's is found by name ("cidata").
 * Undefined when there is no GPT, or one of the two is missing.
 */
export function findPartitions(start: Uint8Array): ImagePartitions | undefined {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const text = (at: number, bytes: number, coding: string) => new TextDecoder(coding).decode(start.subarray(at, at + bytes));
  if (start.length < 2 * SECTOR || text(SECTOR, 8, 'latin1') !== 'EFI PART') return undefined;
  const entriesAt = Number(view.getBigUint64(SECTOR + 72, true)) * SECTOR;
  const entries = Math.min(view.getUint32(SECTOR + 80, true), MAX_ENTRIES);
  const entryBytes = view.getUint32(SECTOR + 84, true);
  if (entryBytes < 128 || entriesAt + entries * entryBytes > start.length) return undefined;

  let root: { number: number; at: bigint } | undefined;
  let seedPartition: number | undefined;
  for (let n = 0; n < entries; n++) {
    const at = entriesAt + n * entryBytes;
    if (start.subarray(at, at + 16).every((byte) => byte === 0)) continue;
    const firstSector = view.getBigUint64(at + 32, true);
    const name = text(at + 56, 72, 'utf-16le')
      .replace(/\0.*$/s, '')
      .toLowerCase();
    if (SEED_NAMES.has(name)) seedPartition = n + 1;
    if (root === undefined || firstSector > root.at) root = { number: n + 1, at: firstSector };
  }
  if (root === undefined || seedPartition === undefined || root.number === seedPartition) return undefined;
  return { rootPartition: root.number, seedPartition };
}
