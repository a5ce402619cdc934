// Lists: how much, from where, and how a page looks.
import { z } from 'zod';

export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 500;

export const pageQuery = {
  /** Larger numbers are taken as the largest. */
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .default(PAGE_DEFAULT)
    .transform((limit) => Math.min(limit, PAGE_MAX))
    .meta({ description: `How many at most: ${PAGE_DEFAULT} unless told, ${PAGE_MAX} at most. A page may be shorter.` }),
  pageToken: z.string().max(2_000).optional().meta({ description: 'nextPageToken of the page before, with the same filter.' }),
};

/** `nextPageToken` is missing on the last page, and only there. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextPageToken: z.string().optional(),
    eventCursor: z.string().meta({ description: 'Where to go on with GET /v1/events without missing a change to this list.' }),
  });
