// Which disks a workflow writes or erases, by serial, and why it could not.
import { chooseRootDisk } from '../../hardware/choose-root-disk.ts';
import type { InspectedDisk } from '../../hardware/inspection.ts';
import type { PlanSubject, PlanWorld } from '../plan-subject.ts';
import { type Blocked, blockedBy, type DiskDeed } from './planner.ts';

export type Installation = { imageDigest: string; rootDiskSerial?: string | undefined };

export function everyDiskErased({ hardware }: PlanSubject): DiskDeed[] {
  return (hardware?.disks ?? []).map((disk) => deedOn(disk, 'erase'));
}

export function rootDiskWritten(subject: PlanSubject, installation: Installation, world: PlanWorld): DiskDeed[] {
  const choice = rootDiskOf(subject, installation, world);
  return choice?.ok ? [deedOn(choice.disk, 'write')] : [];
}

/** An image that nobody has, disks that nobody counted, or none that the image fits on. */
export function installationRefusals(subject: PlanSubject, installation: Installation, world: PlanWorld): Blocked[] {
  const { imageDigest, rootDiskSerial } = installation;
  const server = subject.name;
  const choice = rootDiskOf(subject, installation, world);
  return [
    ...(world.images.has(imageDigest) ? [] : [blockedBy('image_unknown', { imageDigest })]),
    ...hardwareRefusals(subject),
    ...(choice && !choice.ok
      ? [blockedBy(choice.why, { server, imageBytes: world.images.get(imageDigest) ?? 0, wanted: rootDiskSerial ?? 'any' })]
      : []),
  ];
}

export function hardwareRefusals({ hardware, name }: PlanSubject): Blocked[] {
  return hardware === null ? [blockedBy('hardware_not_accepted', { server: name })] : [];
}

function rootDiskOf({ hardware }: PlanSubject, { imageDigest, rootDiskSerial }: Installation, world: PlanWorld) {
  const bytes = world.images.get(imageDigest);
  return hardware === null || bytes === undefined ? undefined : chooseRootDisk(hardware.disks, bytes, rootDiskSerial);
}

function deedOn({ serial, name, model, sizeBytes }: InspectedDisk, deed: DiskDeed['deed']): DiskDeed {
  return { serial, name, model, sizeBytes, deed };
}
