// What lies on a simulated server's disks: not the bytes, but what they are, and how far a writing got.
import type { KubeletDisk } from '../kubernetes-api/simulated-kubelet.ts';
import type { DiskSpec } from './machine-spec.ts';

/** cloud-init's seed as it was written, by file name. */
export type SeedFiles = ReadonlyMap<string, string>;

export type DiskContent =
  | { kind: 'zero' }
  /** As it left the factory or its last owner: nobody knows. */
  | { kind: 'foreign' }
  | { kind: 'partial'; imageDigest: string; writtenChunks: ReadonlySet<number> }
  | { kind: 'image'; imageDigest: string; seed: SeedFiles; kubelet: KubeletDisk; ranFirstBoot: boolean; joins: boolean };

export type SimulatedDisk = { readonly spec: DiskSpec; content: DiskContent };

export function simulatedDisks(specs: readonly DiskSpec[]): SimulatedDisk[] {
  return specs.map((spec) => ({ spec, content: { kind: 'foreign' } }));
}

/** As the operating system reads it, which is what the agent compares. */
export function serialOf({ spec }: SimulatedDisk): string {
  return spec.reportedSerial ?? spec.serial;
}

/** The one disk with this serial; undefined when there is none, or more than one. */
export function theDiskWith(disks: readonly SimulatedDisk[], serial: string): SimulatedDisk | undefined {
  const found = disks.filter((disk) => serialOf(disk) === serial);
  return found.length === 1 ? found[0] : undefined;
}

/** Firmware boots the first disk in its order that holds a whole system. */
export function bootableDisk(disks: readonly SimulatedDisk[]): SimulatedDisk | undefined {
  return disks.find(({ content }) => content.kind === 'image');
}
