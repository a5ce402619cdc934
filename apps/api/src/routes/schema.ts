// The parts of route schemas that all routes share, for validation and for docs/openapi.json alike.
import { PROBLEM_MEDIA_TYPE, problem } from '@rackwright/api-contract/problem.ts';
import { z } from 'zod';

export const MERGE_PATCH = 'application/merge-patch+json';

/** In the description of every route: the errors have one shape. */
export const problems = {
  default: {
    description: 'Anything else: a problem, see docs/errors.md',
    content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } },
  },
};

export const byRef = z.object({
  ref: z
    .string()
    .min(1)
    .max(128)
    .meta({ description: 'The id, or a unique key: `name:<name>`, for servers also `serial:<serial>`.' }),
});

export const byId = z.object({ id: z.string().max(64) });

export const ifMatch = z.object({
  'if-match': z
    .string()
    .max(256)
    .optional()
    .meta({ description: 'The ETag that was read; required. `*` changes whatever is there.' }),
});

export const idempotencyKey = z.object({
  'idempotency-key': z
    .string()
    .max(300)
    .optional()
    .meta({ description: 'The same request with the same key is done once; kept 72 hours.' }),
});

export const nothing = z.undefined().meta({ description: 'Done.' });
