// The health of a server: what tells that it is not well, what was decided, why, and what would change that; and the policy behind it.
import { RUNGS } from '@rackwright/domain/health/ladder.ts';
import { type EscalationPolicy, type HealthPolicy, LEAVES } from '@rackwright/domain/health/policy.ts';
import { HEALTH_REASONS } from '@rackwright/domain/health/reasons.ts';
import { REMEDY_NAMES } from '@rackwright/domain/health/remedies.ts';
import { SIGNAL_NAMES } from '@rackwright/domain/health/signals.ts';
import { z } from 'zod';
import { idOf, instant, openEnum } from '../fields.ts';
import { facts } from './operation.ts';

const signal = z.object({
  signal: openEnum(SIGNAL_NAMES),
  means: z.string(),
  source: openEnum(['node', 'bmc']),
  lasts: openEnum(['temporary', 'permanent']),
  firstRung: openEnum(RUNGS),
  since: instant,
  detail: z.string().meta({ description: 'What was said.' }),
});

const remedy = z.object({
  remedy: openEnum(REMEDY_NAMES),
  state: openEnum(['begun', 'waits']),
  id: z.string().nullable().meta({ description: 'Of the work order, operation or replacement; null until it is begun.' }),
  cause: z.string(),
  because: openEnum(Object.keys(HEALTH_REASONS)).nullable().meta({ description: 'Why it waits; null when it does not.' }),
  says: z.string().nullable(),
  unblockedBy: z.string().nullable(),
  sayYes: z.string().nullable().meta({ description: 'How a person does it now; null when it was begun.' }),
  facts: facts.meta({ description: 'The part that is suspected, the spare, or why each candidate was passed over.' }),
  until: instant.nullable().meta({ description: 'When time alone changes it.' }),
});

const decision = z.object({
  do: openEnum(['nothing', 'look', 'remediate', 'escalate']),
  rung: openEnum(RUNGS),
  because: openEnum(Object.keys(HEALTH_REASONS)),
  says: z.string(),
  unblockedBy: z.string(),
  facts,
  since: instant.meta({ description: 'Since when for this reason.' }),
  until: instant.nullable().meta({ description: 'When time alone changes it.' }),
  decidedAt: instant,
  remedies: z.array(remedy).meta({ description: 'Of an escalation: what was begun, and what waits for what.' }),
});

const remediation = z.object({
  operationId: idOf('operation'),
  state: z.string(),
  requestedBy: z.string(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  failure: z.string().nullable().meta({ description: 'A code of docs/errors.md.' }),
  powerCycles: z.int(),
});

export const serverHealth = z
  .object({
    kind: z.literal('server_health'),
    serverId: idOf('server'),
    serverName: z.string(),
    state: z.string(),
    signals: z.array(signal),
    decision: decision.nullable().meta({ description: 'Null: it is well, or nobody has decided yet.' }),
    powerCycles: z.object({ lastDay: z.int(), mostPerDay: z.int() }),
    remediations: z.array(remediation).meta({ description: 'The last twenty, newest first.' }),
  })
  .meta({ id: 'ServerHealth' });
export type ServerHealthView = z.infer<typeof serverHealth>;

const secondsUpTo = (most: number, least = 0) => z.int().min(least).max(most);
const count = (most: number) => z.int().min(1).max(most);
const perDay = z.int().min(0).max(1_000);
const escalation = {
  reimage: z.enum(LEAVES).meta({ description: 'Writes the system of the same machine again; its data disks are kept.' }),
  replace: z.enum(LEAVES).meta({ description: 'A spare takes its place; it is isolated, with its disks as they are.' }),
  workOrder: z.enum(LEAVES).meta({ description: 'Touches nothing.' }),
  reimagesPerDay: perDay.meta({ description: 'Begun by the policy in one cluster.' }),
  replacementsPerDay: perDay,
  workOrdersPerDay: perDay,
} satisfies Record<keyof EscalationPolicy, z.ZodType>;

const settings = {
  paused: z.boolean().meta({ description: 'Nothing new is begun; what runs goes on.' }),
  settleSeconds: secondsUpTo(86_400).meta({ description: 'So long a signal must stand; at least domainWindowSeconds.' }),
  bootSeconds: secondsUpTo(14_400, 10).meta({ description: 'From power-on to a Ready node.' }),
  powerCyclesPerDay: z.int().min(0).max(24).meta({ description: 'Of one server.' }),
  atOncePerCluster: count(1_000).meta({ description: 'Servers in remediation at the same time.' }),
  atOncePerRack: count(100),
  atOncePerFeed: count(100),
  atOncePerSwitch: count(100),
  clusterUnhealthyPercent: z.int().min(1).max(100).meta({ description: 'More of a cluster than this is a storm.' }),
  domainFailures: z.int().min(2).max(1_000).meta({ description: 'So many behind one rack, feed or switch …' }),
  domainWindowSeconds: secondsUpTo(86_400).meta({ description: '… that fail within so long are one incident.' }),
  cooldownSeconds: secondsUpTo(86_400).meta({ description: 'After a storm or a domain incident.' }),
  silentBmcs: z.int().min(2).max(1_000).meta({ description: 'So many silent BMCs are a silent network.' }),
} satisfies Record<Exclude<keyof HealthPolicy, 'escalation'>, z.ZodType>;

export const healthPolicy = z
  .object({
    kind: z.literal('health_policy'),
    ...settings,
    escalation: z.object(escalation),
    version: z.int(),
    updatedAt: instant,
  })
  .meta({ id: 'HealthPolicy' });
export type HealthPolicyView = z.infer<typeof healthPolicy>;

export const healthPolicyChange = z
  .strictObject({ ...settings, escalation: z.strictObject(escalation).partial() })
  .partial()
  .meta({ id: 'HealthPolicyChange' });
