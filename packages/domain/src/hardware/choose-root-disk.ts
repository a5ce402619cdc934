// Which disk gets the operating system: the smallest solid-state one that the image fits on, so that data disks stay free.
import type { InspectedDisk } from './inspection.ts';

export type RootDiskChoice =
  | { ok: true; disk: InspectedDisk }
  | { ok: false; why: 'no_disk' | 'no_disk_large_enough' | 'disk_without_serial' };

/**
 * @param imageBytes  size of the raw image
 * @param wanted      serial that an operator asked for; wins over the policy
 */
export function chooseRootDisk(disks: readonly InspectedDisk[], imageBytes: number, wanted?: string): RootDiskChoice {
  if (disks.length === 0) return { ok: false, why: 'no_disk' };
  const large = disks.filter((disk) => disk.sizeBytes >= imageBytes && (wanted === undefined || disk.serial === wanted));
  if (large.length === 0) return { ok: false, why: 'no_disk_large_enough' };
  // A disk that cannot be named cannot be guarded: writing needs a matching serial.
  const named = large.filter((disk) => disk.serial !== '');
  if (named.length === 0) return { ok: false, why: 'disk_without_serial' };
  const [first] = [...named].sort(
    (a, b) => Number(a.rotational) - Number(b.rotational) || a.sizeBytes - b.sizeBytes || a.serial.localeCompare(b.serial),
  );
  return first ? { ok: true, disk: first } : { ok: false, why: 'no_disk' };
}
