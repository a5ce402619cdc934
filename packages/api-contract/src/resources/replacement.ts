// A replacement: a spare takes the place of a broken server, which is taken out; planned first, then watched.
import { REPLACEMENT_ORDERS, REPLACEMENT_STATES, TAKES_OUT_BY } from '@rackwright/domain/placement/advance-replacement.ts';
import { z } from 'zod';
import { idOf, instant, labels, openEnum, reason, sha256Digest } from '../fields.ts';
import { drainPolicy, facts, operationError, waitingFor } from './operation.ts';

export const newReplacement = z
  .strictObject({
    order: z.enum(REPLACEMENT_ORDERS).default('spare_first').meta({
      description:
        'spare_first: the broken one goes once the spare is in service. broken_first: where it is dead anyway, or must go first.',
    }),
    spareId: idOf('server').optional().meta({ description: 'Only with spare_first; the rules choose unless told.' }),
    imageDigest: sha256Digest.optional().meta({ description: 'That of the broken one unless told.' }),
    drain: drainPolicy.optional(),
    takesOutBy: z.enum(TAKES_OUT_BY).default('release').meta({
      description:
        'release: erased, and available again. repair: isolated with its disks as they are, and a work order is opened for it.',
    }),
    reason: reason.default(''),
  })
  .refine(({ order, spareId }) => order === 'spare_first' || spareId === undefined, {
    path: ['spareId'],
    message: 'broken_first chooses when the broken one is out',
  })
  .meta({ id: 'NewReplacement' });
export type NewReplacementBody = z.infer<typeof newReplacement>;

export const dryRun = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'true: says what would happen, writes nothing.' }),
});

const named = z.object({ id: idOf('server'), name: z.string() });
const choice = z.object({
  chosen: named.extend({ facts }).nullable(),
  passedOver: z
    .array(
      named.extend({
        reason: openEnum(['other_failure_domain', 'hardware_too_small', 'other_model', 'server_held', 'taken_meanwhile']),
        facts,
      }),
    )
    .meta({
      description: 'At most twenty, those that could stand in first.',
    }),
  passedOverCount: z.int(),
});
const install = z.object({ clusterId: idOf('cluster').nullable(), imageDigest: z.string(), nodeLabels: labels });

export const replacementPlan = z
  .object({
    kind: z.literal('replacement_plan'),
    serverId: idOf('server'),
    order: openEnum(REPLACEMENT_ORDERS),
    install: install.meta({ description: 'What the spare gets: what the broken one has.' }),
    choice,
    takesOut: z.boolean().meta({ description: 'False: the broken one serves nobody any more and is left as it is.' }),
  })
  .meta({ id: 'ReplacementPlan' });
export type ReplacementPlanView = z.infer<typeof replacementPlan>;

export const replacement = z
  .object({
    kind: z.literal('replacement'),
    id: idOf('replacement'),
    broken: named,
    spare: named.nullable(),
    order: openEnum(REPLACEMENT_ORDERS),
    state: openEnum(REPLACEMENT_STATES),
    done: z.boolean(),
    spareOperationId: idOf('operation').nullable(),
    brokenOperationId: idOf('operation').nullable(),
    tried: z.array(idOf('server')).meta({ description: 'Every spare that was taken, the current one last.' }),
    install,
    choice,
    takesOutBy: openEnum(TAKES_OUT_BY),
    workOrderId: idOf('work_order').nullable(),
    waitingFor: waitingFor.omit({ blockers: true }).nullable(),
    error: operationError.omit({ message: true }).nullable(),
    requestedBy: z.object({ principal: z.string() }),
    reason: z.string(),
    createdAt: instant,
    stateSince: instant,
    finishedAt: instant.nullable(),
    deadlineAt: instant,
  })
  .meta({ id: 'Replacement' });
export type ReplacementView = z.infer<typeof replacement>;

export const replacementFilter = {
  serverId: idOf('server').optional().meta({ description: 'As the broken one, or as the spare.' }),
  state: z.enum(REPLACEMENT_STATES).optional(),
};
