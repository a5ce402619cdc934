// A plan: what an operation would do to one server or to many, told before anything is done.
import { z } from 'zod';
import { idOf, instant, openEnum } from '../fields.ts';
import { FILTER_MAX_LENGTH } from '../filter/parse-filter.ts';
import { newOperation, facts } from './operation.ts';

const MOST_IDS = 5_000;

/** Read in this order: how many first, how many at once, how many together in one rack, when to stop, how long to rest. */
export const waves = z
  .strictObject({
    canary: z.int().min(0).max(100).default(1).meta({ description: 'So many go first, and alone; 0 for none.' }),
    parallelism: z.int().min(1).max(200).default(10).meta({ description: 'At most so many at once.' }),
    perRack: z.int().min(1).max(200).nullable().default(null).meta({ description: 'At most so many at once in one rack.' }),
    stopOnFailureRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({ description: 'More failures than this share of all, or of the canary, and nothing more begins. 1: never stop.' }),
    pauseBetweenSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(0)
      .meta({ description: 'After the canary and after each wave; with 0 a free place is filled at once.' }),
  })
  .meta({ id: 'Waves' });

const selection = z
  .union([
    z.strictObject({ ids: z.array(idOf('server')).min(1).max(MOST_IDS) }),
    z.strictObject({
      filter: z
        .string()
        .max(FILTER_MAX_LENGTH)
        .meta({ examples: ['state=available AND rack~"TPE1-R1*"'] }),
    }),
  ])
  .meta({ description: 'Servers by id, or a filter as of GET /v1/servers; at most 5,000.' });

export const newPlan = z
  .strictObject({
    operation: newOperation.meta({ description: 'As it would be asked of one server; what runs no workflow cannot be planned.' }),
    servers: selection,
    waves: waves.prefault({}),
    lastsMinutes: z.int().min(1).max(1_440).default(30).meta({ description: 'How long the plan may be carried out.' }),
  })
  .meta({ id: 'NewPlan' });
export type NewPlanBody = z.infer<typeof newPlan>;

const quorum = z.object({ members: z.int(), ready: z.int(), needed: z.int(), holds: z.boolean() });
const quorums = z.object({ before: quorum, after: quorum });
const basis = openEnum(['measured', 'default'], 'Measured on this site, or a stated guess.');
const tally = z.array(z.object({ code: z.string(), servers: z.int() }));

export const plan = z
  .object({
    kind: z.literal('plan'),
    id: idOf('plan'),
    operation: z.object({ type: z.string(), params: z.record(z.string(), z.unknown()), reason: z.string() }),
    servers: z.object({ ids: z.array(z.string()).optional(), filter: z.string().optional() }),
    waves,
    total: z.int(),
    runs: z.int(),
    blocked: tally.meta({ description: 'How many servers by what is in their way; the items say more.' }),
    hazards: tally.meta({ description: 'What does not keep operations from beginning, and may well keep them from ending.' }),
    clusters: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        sight: openEnum(['now', 'unknown'], 'unknown: its API server did not answer.'),
        quorum: quorums
          .nullable()
          .meta({ description: 'Before, and at the worst moment of the plan; null without control planes, or unseen.' }),
      }),
    ),
    failureDomains: z
      .array(
        z.object({
          domain: openEnum(['cluster', 'rack', 'feed']),
          name: z.string(),
          serving: z.int(),
          outAtOnce: z.int(),
          outAfter: z.int(),
        }),
      )
      .meta({ description: 'Serving nodes that may fail together: how many there are, are out at the same time, and stay out.' }),
    disks: z.object({ written: z.int(), erased: z.int() }),
    drains: z
      .object({
        nodes: z.int(),
        unseen: z.int(),
        pods: z.int(),
        blocked: z.int(),
        budgets: z.array(z.object({ budget: z.string(), pods: z.int() })),
      })
      .meta({ description: 'Nodes that are emptied, pods that go, and those that a disruption budget would hold now.' }),
    expected: z.object({ seconds: z.number(), basis }),
    fingerprint: z
      .string()
      .meta({ description: 'Over everything it depends on; equal plans of an unchanged world have equal ones.' }),
    requestedBy: z.object({ principal: z.string() }),
    createdAt: instant,
    expiresAt: instant,
    executionId: idOf('bulk_operation').nullable().meta({ description: 'The bulk operation that carries it out.' }),
  })
  .meta({ id: 'Plan' });
export type PlanView = z.infer<typeof plan>;

const reason = z.object({ code: z.string(), title: z.string(), detail: z.string(), whatToDo: z.string(), params: facts });

export const planItem = z
  .object({
    serverId: idOf('server'),
    serverName: z.string(),
    position: z.int(),
    runs: z.boolean(),
    blocked: z.array(reason),
    hazards: z.array(reason),
    basis: z.object({ state: z.string(), version: z.int(), allocation: z.string(), hardware: z.string(), operation: z.string() }),
    steps: z.array(z.object({ name: z.string(), expectedSeconds: z.number().nullable() })),
    expected: z.object({ seconds: z.number(), basis, samples: z.int() }),
    disks: z.array(
      z.object({
        serial: z.string(),
        name: z.string(),
        model: z.string(),
        sizeBytes: z.int(),
        deed: openEnum(['write', 'erase']),
      }),
    ),
    cluster: z.object({ id: z.string(), name: z.string(), node: z.string(), sight: openEnum(['now', 'unknown']) }).nullable(),
    drain: z
      .object({
        policy: openEnum(['wait', 'ask', 'force']),
        outlook: openEnum(['seen', 'unknown']),
        why: z.string().nullable(),
        evicted: z.int(),
        staying: z.int(),
        leaving: z.int(),
        blocked: z.int(),
        blockers: z.array(z.object({ pod: z.string(), budgets: z.array(z.string()), heldBy: z.string() })),
      })
      .nullable(),
    quorum: z
      .union([quorums, z.literal('unknown')])
      .nullable()
      .meta({ description: 'Null: it is no control plane. unknown: its cluster was not seen.' }),
  })
  .meta({ id: 'PlanItem' });
export type PlanItemView = z.infer<typeof planItem>;

export const planItemFilter = {
  runs: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'false: only what is blocked.' }),
};
