// An erase certificate as it was issued, and how whoever holds a copy checks it.
import type { ErasureCertificate } from '@rackwright/domain/erasure-certificate.ts';
import { REMOVALS } from '@rackwright/domain/erasure.ts';
import { z } from 'zod';
import { idOf, instant, openEnum, sha256Digest } from '../fields.ts';

const certificate = z.object({
  version: z.literal(1),
  disk: z.object({ serial: z.string(), wwn: z.string(), model: z.string(), kind: z.string(), sizeBytes: z.int() }),
  erasure: z
    .object({
      method: z.enum(['ata_secure_erase', 'nvme_sanitize', 'nvme_format', 'blkdiscard_zero', 'overwrite_zero']),
      startedAt: z.string(),
      finishedAt: z.string(),
      sizeBytes: z.int(),
      readBack: z.literal('zero').meta({ description: 'What was found when the disk was read again.' }),
      checkedBytes: z.int().meta({ description: 'How much of it was read again.' }),
    })
    .exactOptional()
    .meta({ description: 'Of a disk that was erased.' }),
  removal: z
    .object({
      method: z.enum(REMOVALS),
      person: z.string(),
      witness: z.string().nullable(),
      evidence: z.string(),
      at: z.string(),
    })
    .exactOptional()
    .meta({ description: 'Of a disk that a named person took out or destroyed; it was not erased.' }),
  operation: z.object({
    id: idOf('operation'),
    type: openEnum(['release-server', 'retire-server']),
    requestedBy: z.string(),
    reason: z.string(),
  }),
  server: z.object({
    id: idOf('server'),
    name: z.string(),
    serial: z.string().nullable(),
    assetTag: z.string().nullable(),
    manufacturer: z.string(),
    product: z.string(),
  }),
  recordedAt: instant,
}) satisfies z.ZodType<ErasureCertificate>;

export const issuedCertificate = z
  .object({
    kind: z.literal('erasure_certificate'),
    certificate,
    digest: sha256Digest.meta({ description: 'SHA-256 of `certificate` as canonical JSON (RFC 8785).' }),
  })
  .meta({ id: 'ErasureCertificate' });
export type IssuedCertificateView = z.infer<typeof issuedCertificate>;

export const certificateQuery = z.strictObject({
  operationId: idOf('operation').optional().meta({ description: 'Of this erasure; the newest unless told.' }),
});
/** Both ends are told, so that an export is the same whenever it is made. */
export const exportQuery = z
  .strictObject({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { path: ['to'], message: 'not after from' });
