// An operation: what was asked of a server, how far it is, what it waits for, and how it ended.
import { z } from 'zod';
import { idOf, instant, labels, openEnum, reason, sha256Digest } from '../fields.ts';

const provisionParams = z
  .strictObject({
    imageDigest: sha256Digest,
    clusterId: idOf('cluster').optional(),
    nodeName: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'a host name: lower-case letters, digits and hyphens')
      .optional(),
    rootDiskSerial: z.string().min(1).max(128).optional(),
    nodeLabels: labels.refine((map) => Object.keys(map).length <= 32, 'at most 32').optional(),
  })
  .meta({ id: 'ProvisionParams' });
const releaseParams = z.strictObject({ drainMinutes: z.int().min(1).max(1_440).optional() }).meta({ id: 'ReleaseParams' });
const none = z.strictObject({});

/** The first three start workflows. The others are done at once and answer with the server. */
export const newOperation = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('onboard'), params: none.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('provision'), params: provisionParams, reason: reason.default('') }),
    z.strictObject({ type: z.literal('release'), params: releaseParams.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('accept'), params: none.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('retire'), params: none.default({}), reason: reason.default('') }),
  ])
  .meta({ id: 'NewOperation' });
export type NewOperationBody = z.infer<typeof newOperation>;

export const OPERATION_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const operationError = z.object({
  code: z.string().meta({ description: 'One of docs/errors.md.' }),
  title: z.string(),
  detail: z.string(),
  whatToDo: z.string(),
  message: z.string().meta({ description: 'What was being done, to whom, and the cause.' }),
  params: facts,
});
const waitingFor = z.object({
  code: z.string(),
  params: facts,
  since: instant,
  until: instant,
  unblockedBy: z.string().meta({ description: 'Who or what can let it go on.' }),
});
const step = z.object({
  name: z.string(),
  state: openEnum(['running', 'waiting', 'done', 'failed', 'undone']),
  attempt: z.int(),
  startedAt: instant,
  deadlineAt: instant,
  durationSeconds: z.number(),
  error: operationError.nullable(),
});

export const operation = z
  .object({
    kind: z.literal('operation'),
    id: idOf('operation'),
    type: openEnum(['onboard', 'provision', 'release']),
    target: z.object({ kind: z.literal('server'), id: idOf('server') }),
    state: openEnum(OPERATION_STATES),
    done: z.boolean(),
    params: z.record(z.string(), z.unknown()),
    createdAt: instant,
    finishedAt: instant.nullable(),
    deadlineAt: instant,
    progress: z.object({ stepsDone: z.int(), currentStep: z.string().nullable() }),
    steps: z.array(step),
    waitingFor: waitingFor.nullable(),
    requestedBy: z.object({ principal: z.string() }),
    reason: z.string(),
    cancel: z.object({ supported: z.boolean(), requested: z.boolean() }),
    error: operationError.nullable(),
  })
  .meta({ id: 'Operation' });
export type OperationView = z.infer<typeof operation>;

export const cancelOperation = z.strictObject({ reason: reason.default('') }).meta({ id: 'CancelOperation' });
export const operationFilter = {
  serverId: idOf('server').optional(),
  state: z.enum(OPERATION_STATES).optional(),
};
