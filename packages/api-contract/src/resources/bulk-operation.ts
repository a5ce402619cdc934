// A bulk operation: a plan that is carried out in waves, with the result of each item.
import { ITEM_STATES } from '@rackwright/domain/plans/waves.ts';
import { z } from 'zod';
import { idOf, instant, openEnum, reason } from '../fields.ts';
import { waves } from './plan.ts';
import { facts } from './operation.ts';

export const BULK_STATES = ['running', 'paused', 'stopped', 'cancelling', 'cancelled', 'finished'] as const;

export const bulkOperation = z
  .object({
    kind: z.literal('bulk_operation'),
    id: idOf('bulk_operation'),
    planId: idOf('plan'),
    operation: z.object({ type: z.string(), params: z.record(z.string(), z.unknown()), reason: z.string() }),
    waves,
    state: openEnum(BULK_STATES),
    stateSince: instant,
    stateBy: z.string().meta({ description: 'Who paused, resumed or cancelled it; empty when it changed by itself.' }),
    done: z.boolean(),
    wave: z.int().nullable().meta({ description: '0 is the canary; null before anything began.' }),
    counts: z.object(Object.fromEntries(ITEM_STATES.map((state) => [state, z.int()])) as Record<string, z.ZodInt>),
    stopped: z
      .object({
        because: openEnum(['canary_failed', 'too_many_failures']),
        failures: z.int(),
        failed: z.array(z.object({ server: z.string(), code: z.string() })).meta({ description: 'At most fifty of them.' }),
      })
      .nullable(),
    waitingFor: z
      .object({ code: z.string(), params: facts, since: instant, until: instant.nullable(), unblockedBy: z.string() })
      .nullable(),
    requestedBy: z.object({ principal: z.string() }),
    createdAt: instant,
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'BulkOperation' });
export type BulkOperationView = z.infer<typeof bulkOperation>;

export const bulkItem = z
  .object({
    position: z.int(),
    serverId: idOf('server'),
    serverName: z.string(),
    state: openEnum(ITEM_STATES, 'refused: it could not begin. skipped: the bulk operation was cancelled before its turn.'),
    wave: z.int().nullable(),
    operationId: idOf('operation').nullable(),
    begunAt: instant.nullable(),
    endedAt: instant.nullable(),
    error: z.object({ code: z.string(), title: z.string(), detail: z.string(), whatToDo: z.string(), params: facts }).nullable(),
  })
  .meta({ id: 'BulkItem' });
export type BulkItemView = z.infer<typeof bulkItem>;

export const cancelBulk = z
  .strictObject({
    running: z
      .enum(['finish', 'cancel'])
      .default('finish')
      .meta({ description: 'What becomes of the operations that run: they go on to their end, or are cancelled too.' }),
    reason: reason.default(''),
  })
  .meta({ id: 'CancelBulkOperation' });

export const bulkFilter = { state: z.enum(BULK_STATES).optional() };
export const bulkItemFilter = { state: z.enum(ITEM_STATES).optional() };
