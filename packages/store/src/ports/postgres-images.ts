// Images as the workflows see them: by digest, with what a disk must have room for.
import type { Images } from '@rackwright/workflows/ports.ts';
import type { Database } from '../database.ts';

export function postgresImages(database: Database): Images {
  return {
    async get(digest) {
      const image = await database.prisma.image.findUnique({
        where: { digest },
        select: { digest: true, sizeBytes: true, rootPartition: true, seedPartition: true },
      });
      return image ? { ...image, sizeBytes: Number(image.sizeBytes) } : undefined;
    },
  };
}
