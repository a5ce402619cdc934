// Bringing a site back after a blackout: the plan, and how a cold start goes, server by server.
import { TIERS } from '@rackwright/domain/power/cold-start-plan.ts';
import { z } from 'zod';
import { idOf, instant, openEnum, reason } from '../fields.ts';

const tier = openEnum(TIERS);
const why = openEnum(['not_in_service', 'operation_in_progress', 'bmc_missing', 'already_on', 'never_fits', 'over_budget']);
const seconds = z.int();

const plan = {
  switches: z
    .array(z.object({ rack: z.string(), name: z.string(), managementAddress: z.string().nullable() }))
    .meta({ description: 'They go on by themselves, before everything else: look whether they did.' }),
  waves: z.array(
    z.object({
      number: z.int(),
      tier,
      waitsFor: openEnum(['ready', 'on']).meta({
        description: 'What the next wave waits for: that these serve, or that they draw power and their inrush is over.',
      }),
      servers: z.array(
        z.object({
          serverId: idOf('server'),
          name: z.string(),
          rack: z.string().nullable(),
          drawFrom: openEnum(['model', 'assumed']),
        }),
      ),
      startsAfter: seconds.meta({ description: 'Seconds after the beginning; an expectation.' }),
      lasts: seconds,
    }),
  ),
  leftOut: z.array(
    z.object({ serverId: idOf('server'), name: z.string(), state: z.string(), why, circuit: z.string().nullable() }),
  ),
  expectedSeconds: seconds,
};

export const coldStartPlan = z
  .object({ kind: z.literal('cold_start_plan'), siteId: idOf('site'), ...plan })
  .meta({ id: 'ColdStartPlan' });
export type ColdStartPlanView = z.infer<typeof coldStartPlan>;

const summary = {
  kind: z.literal('cold_start'),
  id: idOf('cold_start'),
  siteId: idOf('site'),
  state: openEnum(['running', 'paused', 'succeeded', 'failed', 'cancelled']),
  wave: z.int().meta({ description: 'The last one that was begun; 0: none yet.' }),
  waves: z.int(),
  paused: z.object({ because: z.string(), since: instant }).nullable(),
  requestedBy: z.object({ principal: z.string() }),
  reason: z.string(),
  createdAt: instant,
  finishedAt: instant.nullable(),
};

/** In lists: each has a plan and lines for thousands of servers, which its own address tells. */
export const coldStartSummary = z.object(summary).meta({ id: 'ColdStartSummary' });
export type ColdStartSummaryView = z.infer<typeof coldStartSummary>;

export const coldStart = z
  .object({
    ...summary,
    servers: z.array(
      z.object({
        serverId: idOf('server'),
        name: z.string(),
        tier,
        wave: z.int(),
        state: openEnum(['pending', 'starting', 'on', 'up', 'failed', 'skipped']),
        operationId: idOf('operation').nullable(),
        code: z.string().nullable().meta({ description: 'Why it failed or was skipped: one of docs/errors.md.' }),
        begunAt: instant.nullable(),
        endedAt: instant.nullable(),
      }),
    ),
    plan: z.object(plan).meta({ description: 'As it was when it began.' }),
  })
  .meta({ id: 'ColdStart' });
export type ColdStartView = z.infer<typeof coldStart>;

export const seenSince = instant.meta({
  description:
    'Servers seen on since then are left out as already_on. Without it nothing is believed, and those that are on are passed over.',
});
export const newColdStart = z
  .strictObject({ seenSince: seenSince.nullable().default(null), reason: reason.default('') })
  .meta({ id: 'NewColdStart' });
