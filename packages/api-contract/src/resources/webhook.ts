// A webhook: somebody who is told of events over HTTP, signed as the Standard Webhooks specification says.
import { z } from 'zod';
import { idOf, instant, name, openEnum, stamps } from '../fields.ts';

const url = z
  .string()
  .min(1)
  .max(2_000)
  .meta({ examples: ['https://hooks.example.com/rackwright'] });
const kinds = z
  .array(
    z
      .string()
      .max(64)
      .regex(/^[a-z_]+(\.[a-z_]+)?$/, 'a subject such as server, or a kind of event such as server.moved'),
  )
  .max(64)
  .meta({ description: 'Subjects (server) or kinds of event (server.moved), as in GET /v1/events; empty for all.' });
const subjectId = z
  .string()
  .min(1)
  .max(128)
  .nullable()
  .meta({ description: 'Only what concerns this server, operation or other thing; null for all.' });

export const DISABLE_REASONS = ['operator', 'receiver_gone', 'failing_too_long'] as const;

export const webhook = z
  .object({
    kind: z.literal('webhook'),
    id: idOf('webhook'),
    name: z.string(),
    url: z.string(),
    kinds: z.array(z.string()),
    subjectId: z.string().nullable(),
    enabled: z.boolean(),
    disabled: z.object({ reason: openEnum(DISABLE_REASONS), at: instant }).nullable(),
    secrets: z.array(z.object({ id: idOf('webhook_secret'), createdAt: instant, expiresAt: instant.nullable() })).meta({
      description: 'All of them sign each message; the newest has no end. The secrets themselves are never shown again.',
    }),
    delivery: z.object({
      cursor: z.string().meta({ description: 'Events up to here were put in line, or were not wanted.' }),
      pending: z.int(),
      failingSince: instant.nullable().meta({ description: 'Since when the receiver has taken nothing at all.' }),
      consecutiveFailures: z.int(),
      lastTakenAt: instant.nullable(),
      lastError: z.string().nullable(),
    }),
    ...stamps,
  })
  .meta({ id: 'Webhook' });
export type WebhookView = z.infer<typeof webhook>;

export const newWebhook = z
  .strictObject({ name, url, kinds: kinds.default([]), subjectId: subjectId.default(null) })
  .meta({ id: 'NewWebhook' });

export const webhookChange = z
  .strictObject({ name: name.optional(), url: url.optional(), kinds: kinds.optional(), subjectId: subjectId.optional() })
  .meta({ id: 'WebhookChange' });

/** Told once: in the answer to the request that made it, and not in a repetition of that answer. */
const secret = z
  .string()
  .optional()
  .meta({
    description: 'whsec_ and base64. Told once; a replayed answer lacks it: rotate to get another.',
    examples: ['whsec_…'],
  });
export const webhookWithSecret = webhook.extend({ secret }).meta({ id: 'WebhookWithSecret' });

export const rotateSecret = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(604_800)
      .default(86_400)
      .meta({ description: 'How long older secrets go on signing beside the new one; 0 when one became known.' }),
  })
  .meta({ id: 'RotateWebhookSecret' });

export const enableWebhook = z
  .strictObject({
    backlog: z
      .enum(['deliver', 'skip'])
      .default('deliver')
      .meta({ description: 'What happened since: sent now, or passed over.' }),
  })
  .meta({ id: 'EnableWebhook' });

export const DELIVERY_STATES = ['pending', 'delivered', 'given_up'] as const;

const attempt = z.object({
  at: instant,
  status: z.int().nullable().meta({ description: 'Null: no answer.' }),
  error: z.string().nullable(),
  answer: z.string().meta({ description: 'How the answer began; 300 characters at most.' }),
  durationMs: z.int(),
});

export const delivery = z
  .object({
    kind: z.literal('delivery'),
    id: idOf('delivery'),
    messageId: z.string().meta({ description: 'The header webhook-id, the same on every attempt.' }),
    type: z.string(),
    state: openEnum(DELIVERY_STATES),
    attempts: z.int(),
    createdAt: instant,
    nextAttemptAt: instant.nullable(),
    endedAt: instant.nullable(),
    log: z.array(attempt).meta({ description: 'The last ten attempts, newest first.' }),
  })
  .meta({ id: 'WebhookDelivery' });
export type DeliveryView = z.infer<typeof delivery>;

export const deliveryWithBody = delivery
  .extend({ body: z.string().meta({ description: 'The message as it is signed and sent.' }) })
  .meta({ id: 'WebhookDeliveryWithBody' });
