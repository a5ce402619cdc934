// An operation: what was asked of a server, how far it is, what it waits for, and how it ended.
import type { Answer } from '@rackwright/domain/answers.ts';
import { PART_KINDS } from '@rackwright/domain/hardware/judge-repair.ts';
import { RETIREMENTS } from '@rackwright/domain/retirement.ts';
import { BURN_INS } from '@rackwright/domain/work-orders/burn-in.ts';
import { z } from 'zod';
import { idOf, instant, label, labels, openEnum, reason, sha256Digest } from '../fields.ts';

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
const upToADay = z.int().min(1).max(1_440);
export const drainPolicy = z
  .discriminatedUnion('policy', [
    z.strictObject({ policy: z.literal('wait'), minutes: upToADay }).meta({ description: 'Then the node serves on.' }),
    z
      .strictObject({
        policy: z.literal('ask'),
        minutes: upToADay,
        forceAfterMinutes: upToADay
          .optional()
          .meta({ description: 'So long without an answer means force; else a day means keep.' }),
      })
      .meta({ description: 'Then a person answers force or keep at …/answers.' }),
    z
      .strictObject({ policy: z.literal('force'), minutes: upToADay })
      .meta({ description: 'Then the machine is switched off, and the pods that stayed are removed past their budgets.' }),
  ])
  .meta({
    id: 'DrainPolicy',
    description: 'How long pods are asked politely, and what happens then; wait for 60 minutes unless told.',
  });
const controlPlane = z.enum(['guard', 'ignore']).optional().meta({
  description:
    'guard unless told: refused where etcd would lose its quorum or no other control plane stays. ignore takes a whole cluster down.',
});
const releaseParams = z.strictObject({ drain: drainPolicy.optional(), controlPlane }).meta({ id: 'ReleaseParams' });
const reimageParams = z
  .strictObject({
    imageDigest: sha256Digest
      .optional()
      .meta({ description: 'The one that it has unless told; another one upgrades the operating system.' }),
    drain: drainPolicy.optional(),
    controlPlane,
  })
  .meta({
    id: 'ReimageParams',
    description: 'Only the root disk is written; name, address, cluster, labels and data disks stay.',
  });
const retireParams = z
  .strictObject({ outcome: z.enum(RETIREMENTS).meta({ description: 'Where the machine goes.' }) })
  .meta({ id: 'RetireParams' });
const isolateParams = z
  .strictObject({
    drain: drainPolicy.optional(),
    controlPlane,
    keepNode: z
      .boolean()
      .optional()
      .meta({ description: 'Kept unless told: the same Node comes back. Without it the server cannot go back into service.' }),
  })
  .meta({ id: 'IsolateParams' });
const validateParams = z
  .strictObject({
    burnIn: z.enum(BURN_INS).optional().meta({ description: 'short unless told.' }),
    replaced: z
      .strictObject({
        kind: z.enum(PART_KINDS),
        oldSerial: label.nullable().default(null),
        newSerials: z.array(label).max(64),
      })
      .optional()
      .meta({ description: 'The one difference of its parts that needs no review.' }),
  })
  .meta({ id: 'ValidateParams' });
const remediateParams = z
  .strictObject({
    first: z
      .enum(['restart_software', 'power_cycle', 'power_cycle_bmc_reset'])
      .optional()
      .meta({ description: 'Where the ladder is entered; see docs/health.md.' }),
    powerCycles: z.int().min(1).max(2).optional().meta({ description: 'The most that are used; 2 unless told.' }),
    bootSeconds: z.int().min(10).max(14_400).optional().meta({ description: 'From power-on to a Ready node; 1200 unless told.' }),
  })
  .meta({ id: 'RemediateParams', description: 'No budget of the health policy holds a person back; the fence does.' });
const none = z.strictObject({});

/** Accepting, recovering, writing off, and retiring what was never inspected are done at once and answer with the server; the others start workflows. */
export const newOperation = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('onboard'), params: none.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('provision'), params: provisionParams, reason: reason.default('') }),
    z.strictObject({ type: z.literal('reimage'), params: reimageParams.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('release'), params: releaseParams.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('accept'), params: none.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('retire'), params: retireParams, reason: reason.default('') }),
    z.strictObject({ type: z.literal('isolate'), params: isolateParams.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('validate'), params: validateParams.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('remediate'), params: remediateParams.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('recover'), params: none.default({}), reason: reason.default('') }),
    z.strictObject({ type: z.literal('write_off'), params: retireParams, reason: reason.default('') }),
  ])
  .meta({ id: 'NewOperation' });
export type NewOperationBody = z.infer<typeof newOperation>;

export const OPERATION_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;

export const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
export const operationError = z.object({
  code: z.string().meta({ description: 'One of docs/errors.md.' }),
  title: z.string(),
  detail: z.string(),
  whatToDo: z.string(),
  message: z.string().meta({ description: 'What was being done, to whom, and the cause.' }),
  params: facts,
});
export const waitingFor = z.object({
  code: z.string(),
  params: facts,
  blockers: z
    .array(facts)
    .meta({ description: 'What is in the way, at most twenty: of a drain each pod, its budget, and since when.' }),
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
    type: openEnum(['onboard', 'power_on', 'provision', 'reimage', 'remediate', 'release', 'retire', 'isolate', 'validate']),
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
const words = (max: number) => z.string().trim().min(1).max(max);
/** Each is taken only while the operation waits for it: force and keep for `operator_answer`, the other for `fence_unproven`. */
export const newAnswer = z
  .discriminatedUnion('answer', [
    z.strictObject({ answer: z.literal('force') }),
    z.strictObject({ answer: z.literal('keep') }),
    z.strictObject({
      answer: z.literal('confirm_power_off'),
      person: words(128).meta({ description: 'Who has seen that the machine has no power.' }),
      evidence: words(1_000).meta({ examples: ['both power cords pulled, ticket DC-4711'] }),
    }),
  ])
  .meta({ id: 'NewAnswer' }) satisfies z.ZodType<Answer>;
export const operationFilter = {
  serverId: idOf('server').optional(),
  state: z.enum(OPERATION_STATES).optional(),
};
