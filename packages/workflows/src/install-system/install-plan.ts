// What is to be installed on a server: which image, on which of its accepted disks, under which name.
import { Refusal } from '@rackwright/domain/errors.ts';
import { chooseRootDisk } from '@rackwright/domain/hardware/choose-root-disk.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Ports } from '../ports.ts';

export type InstallPlan = {
  nodeName: string;
  imageDigest: string;
  rootDiskSerial: string;
  rootPartition: number;
  seedPartition: number;
};

/** Everything that the shared steps need to know; `clusterId` null is a host without a cluster. */
export type Installation = {
  server: Server;
  plan: InstallPlan;
  clusterId: ClusterId | null;
  /** Beside ours. */
  nodeLabels: Record<string, string>;
};

export type Wanted = {
  imageDigest: string;
  nodeName: string /** The policy chooses where it is absent. */;
  rootDiskSerial?: string | undefined;
};

/** Refusals `image_unknown`, `hardware_not_accepted`, `no_disk`, `no_disk_large_enough`, `disk_without_serial`. */
export async function planInstallation({ images }: Pick<Ports, 'images'>, server: Server, wanted: Wanted): Promise<InstallPlan> {
  const { imageDigest, nodeName, rootDiskSerial } = wanted;
  const image = await images.get(imageDigest);
  if (!image) throw new Refusal('image_unknown', { imageDigest });
  if (!server.hardware) throw new Refusal('hardware_not_accepted', { server: server.name });
  const choice = chooseRootDisk(server.hardware.disks, image.sizeBytes, rootDiskSerial);
  if (!choice.ok)
    throw new Refusal(choice.why, { server: server.name, imageBytes: image.sizeBytes, wanted: rootDiskSerial ?? 'any' });
  return {
    nodeName,
    imageDigest: image.digest,
    rootDiskSerial: choice.disk.serial,
    rootPartition: image.rootPartition,
    seedPartition: image.seedPartition,
  };
}
