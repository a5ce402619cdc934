// How an error looks on the wire: RFC 9457 problem details with our own members.
import { z } from 'zod';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemField = z.object({
  pointer: z.string().meta({
    description:
      'JSON pointer into the body, or /query/<name>, /path/<name>, /headers/<name>; of a stale plan /servers/<id>, /sights/<name>.',
  }),
  code: z.string(),
  message: z.string(),
  at: z.int().optional().meta({ description: 'Character of the value, from 0.' }),
  length: z.int().optional(),
  suggestion: z.string().optional(),
});

export const problem = z
  .object({
    type: z.string().meta({ examples: ['/problems/rack-position-occupied'] }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().meta({ description: 'One of docs/errors.md.', examples: ['rack_position_occupied'] }),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    errors: z.array(problemField).max(100),
    whatToDo: z.string(),
    requestId: z.string(),
    retryable: z.boolean(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problem>;
export type ProblemField = z.infer<typeof problemField>;
