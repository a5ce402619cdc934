// Images that are written to disks, and the artifacts that servers boot from. Both are registered by whoever built them.
import { z } from 'zod';
import { idOf, instant, sha256Digest, stamps } from '../fields.ts';

export const image = z
  .object({
    kind: z.literal('image'),
    id: idOf('image'),
    name: z.string(),
    digest: sha256Digest,
    sizeBytes: z.int(),
    rootPartition: z.int(),
    seedPartition: z.int(),
    os: z.string(),
    ...stamps,
  })
  .meta({ id: 'Image' });
export type ImageView = z.infer<typeof image>;

export const artifact = z
  .object({
    kind: z.literal('artifact'),
    name: z.string(),
    version: z.string(),
    sha256: z.string(),
    sizeBytes: z.int(),
    createdAt: instant,
  })
  .meta({ id: 'Artifact' });
export type ArtifactView = z.infer<typeof artifact>;
