// Takes uploaded bytes into the image and artifact stores, then puts them on file: a row never names bytes that are not there.
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Refusal } from '@rackwright/domain/errors.ts';
import { artifactStore } from '@rackwright/images/artifact-store.ts';
import { importImage } from '@rackwright/images/import-image.ts';
import type { Inventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import type { Uploads } from './needs.ts';

export type UploadFolders = { imageDir: string; artifactDir: string };

export function fileUploads(
  { imageDir, artifactDir }: UploadFolders,
  inventory: Pick<Inventory, 'images' | 'artifacts'>,
): Uploads {
  const artifacts = artifactStore(artifactDir);
  return {
    async image({ name, os, rootPartition, seedPartition }, content) {
      await mkdir(imageDir, { recursive: true });
      const work = await mkdtemp(join(imageDir, '.upload-'));
      try {
        const raw = join(work, 'disk.raw');
        await pipeline(content, createWriteStream(raw));
        const told =
          rootPartition !== undefined && seedPartition !== undefined ? { partitions: { rootPartition, seedPartition } } : {};
        const { digest, sizeBytes, ...found } = await importImage(raw, imageDir, { name, ...told });
        const partitions = { rootPartition: found.rootPartition, seedPartition: found.seedPartition };
        return await inventory.images.register({ name, digest, sizeBytes, ...partitions, os, path: digest });
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
    async artifact({ name, version, sha256: expected }, content) {
      await mkdir(artifactDir, { recursive: true });
      const known = await inventory.artifacts.find(name, version);
      // Other bytes must not take the place of those on file, whose checksum nodes were given.
      const { sha256, sizeBytes, path } = await artifacts
        .put(`${name}/${version}`, content, known?.sha256 ?? expected)
        .catch((thrown: unknown) => {
          const others = known && known.sha256 !== expected && thrown instanceof Refusal && thrown.code === 'checksum_mismatch';
          throw others ? new Refusal('name_taken', { kind: 'artifact', name: `${name} ${version}` }) : thrown;
        });
      await inventory.artifacts.register({ name, version, sha256, sizeBytes, path });
      const onFile = known ?? (await inventory.artifacts.find(name, version));
      return onFile ?? { name, version, sha256, sizeBytes, createdAt: new Date().toISOString() };
    },
  };
}
