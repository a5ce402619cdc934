// A disk that cannot be erased any more, and who says where it went.
import { type RemovalEvidence, REMOVALS } from '@rackwright/domain/erasure.ts';
import { z } from 'zod';
import { instant } from '../fields.ts';

const words = (max: number) => z.string().trim().min(1).max(max);

export const newDiskRemoval = z
  .strictObject({
    serial: words(128).meta({ description: 'Of an accepted disk of this server.' }),
    method: z.enum(REMOVALS),
    person: words(128).meta({ description: 'Who took it out or destroyed it.' }),
    witness: words(128).nullable().default(null),
    evidence: words(1_000).meta({ examples: ['shredded, protocol 4711'] }),
    at: z.iso.datetime({ offset: true }).optional().meta({ description: 'When; now unless told.' }),
  })
  .meta({ id: 'NewDiskRemoval' });

export const diskRemoval = z.object({
  serial: z.string(),
  method: z.enum(REMOVALS),
  person: z.string(),
  witness: z.string().nullable(),
  evidence: z.string(),
  at: instant,
}) satisfies z.ZodType<RemovalEvidence>;

export const recordedDiskRemoval = diskRemoval
  .extend({ recordedBy: z.string(), recordedAt: instant })
  .meta({ id: 'DiskRemoval' });
