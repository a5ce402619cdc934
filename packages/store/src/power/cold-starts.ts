// Cold starts on file: begun from a plan, read with each server's result, paused, resumed and cancelled by people.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ColdStartId, OperationId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import { type ColdStartPlan, planColdStart, type Tier } from '@rackwright/domain/power/cold-start-plan.ts';
import type { ColdServerState, ColdStartState } from '@rackwright/domain/power/cold-start-progress.ts';
import type { Sql } from '../database.ts';
import { type Page, type PageRequest, pageOf, type Work } from '../inventory/work.ts';
import type { Transaction } from '../transaction.ts';
import { readColdSite } from './read-cold-site.ts';

export type ColdStartServer = {
  serverId: ServerId;
  name: string;
  tier: Tier;
  wave: number;
  state: ColdServerState;
  operationId: OperationId | null;
  code: string | null;
  begunAt: string | null;
  endedAt: string | null;
};
export type ColdStartSummary = {
  id: ColdStartId;
  siteId: SiteId;
  state: ColdStartState;
  /** The last one that was begun; 0: none yet. */
  wave: number;
  waves: number;
  pausedBecause: string | null;
  pausedAt: string | null;
  requestedBy: string;
  reason: string;
  createdAt: string;
  finishedAt: string | null;
};
export type ColdStartRecord = ColdStartSummary & { plan: ColdStartPlan; servers: ColdStartServer[] };

const SUMMARY = `c.id, c.site_id as "siteId", c.state, jsonb_array_length(c.plan->'waves') as waves,
         (select coalesce(max(i.wave), 0) from cold_start_servers i where i.cold_start_id = c.id and i.state <> 'pending') as wave,
         c.paused_because as "pausedBecause", c.paused_at as "pausedAt",
         c.requested_by as "requestedBy", c.reason, c.created_at as "createdAt", c.finished_at as "finishedAt"`;

async function read(sql: Sql, id: ColdStartId): Promise<ColdStartRecord> {
  const [found] = await sql.query<Omit<ColdStartRecord, 'servers'>>(
    `select ${SUMMARY}, c.plan from cold_starts c where c.id = $1`,
    [id],
  );
  if (!found) throw new Refusal('not_found', { kind: 'cold_start', id });
  const servers = await sql.query<ColdStartServer>(
    `select i.server_id as "serverId", s.name, i.tier, i.wave, i.state,
            i.operation_id as "operationId", i.code, i.begun_at as "begunAt", i.ended_at as "endedAt"
       from cold_start_servers i join servers s on s.id = i.server_id
      where i.cold_start_id = $1 order by i.wave, s.name`,
    [id],
  );
  return { ...found, servers };
}

export type NewColdStart = { siteId: SiteId; seenSince: string | null; requestedBy: string; reason: string };

export function postgresColdStarts(work: Work) {
  return {
    plan: async (siteId: SiteId, seenSince: string | null): Promise<ColdStartPlan> =>
      planColdStart(await readColdSite(work.read, siteId, seenSince)),
    get: (id: ColdStartId) => read(work.read, id),

    /** Newest first. */
    async list({ limit, after }: PageRequest, { siteId }: { siteId: SiteId }): Promise<Page<ColdStartSummary>> {
      const rows = await work.read.query<ColdStartSummary>(
        `select ${SUMMARY} from cold_starts c where c.site_id = $1 and ($2::text is null or c.id < $2) order by c.id desc limit $3`,
        [siteId, after, limit + 1],
      );
      return pageOf(rows, limit, ({ id }) => id);
    },

    /** Refusals `cold_start_in_progress` {coldStartId}, `nothing_to_power_on`. The worker goes on from here. */
    begin: (id: ColdStartId, asked: NewColdStart): Promise<ColdStartRecord> =>
      work.write(async (tx) => {
        await begin(tx, id, asked);
        return read(tx, id);
      }),

    /** No further wave begins; what was begun goes on. May be repeated. Refusals `not_found`, `cold_start_finished`. */
    pause: (id: ColdStartId, by: string): Promise<ColdStartRecord> =>
      work.write(async (tx) => {
        if ((await lockOpen(tx, id)) === 'running') await pause(tx, id, `${by} paused it`);
        return read(tx, id);
      }),

    /** Also past what failed so far: whoever resumes has seen it. May be repeated. Refusals as for `pause`. */
    resume: (id: ColdStartId, by: string): Promise<ColdStartRecord> =>
      work.write(async (tx) => {
        if ((await lockOpen(tx, id)) === 'paused') {
          await tx.query(
            `update cold_starts set state = 'running', paused_because = null, paused_at = null,
                    accepted_wave = coalesce((select max(wave) from cold_start_servers where cold_start_id = $1 and state <> 'pending'), 0)
              where id = $1`,
            [id],
          );
          tx.emit({ kind: 'cold_start.resumed', subject: { kind: 'cold_start', id }, payload: { by } });
        }
        return read(tx, id);
      }),

    /** What was begun goes on by itself; nothing else is begun. May be repeated. Refusal `not_found`. */
    cancel: (id: ColdStartId, by: string): Promise<ColdStartRecord> =>
      work.write(async (tx) => {
        const state = await lockState(tx, id);
        if (state === 'running' || state === 'paused') await end(tx, id, 'cancelled', { by });
        return read(tx, id);
      }),
  };
}

async function begin(tx: Transaction, id: ColdStartId, { siteId, seenSince, requestedBy, reason }: NewColdStart): Promise<void> {
  // Two that begin at once take turns, so that the second one is told of the first.
  await tx.query('select from sites where id = $1 for no key update', [siteId]);
  const [open] = await tx.query<{ id: string }>(
    `select id from cold_starts where site_id = $1 and state in ('running', 'paused')`,
    [siteId],
  );
  if (open) throw new Refusal('cold_start_in_progress', { coldStartId: open.id });
  const plan = planColdStart(await readColdSite(tx, siteId, seenSince));
  if (plan.waves.length === 0) throw new Refusal('nothing_to_power_on', { leftOut: plan.leftOut.length });
  await tx.query('insert into cold_starts (id, site_id, plan, requested_by, reason) values ($1, $2, $3, $4, $5)', [
    id,
    siteId,
    JSON.stringify(plan),
    requestedBy,
    reason,
  ]);
  const servers = plan.waves.flatMap(({ number, tier, servers: its }) =>
    its.map(({ serverId }) => ({ serverId, tier, wave: number })),
  );
  await tx.query(
    `insert into cold_start_servers (cold_start_id, server_id, tier, wave)
     select $1, i."serverId", i.tier, i.wave from jsonb_to_recordset($2) i("serverId" text, tier text, wave int)`,
    [id, JSON.stringify(servers)],
  );
  const payload = { siteId, servers: servers.length, waves: plan.waves.length, requestedBy, reason };
  tx.emit({ kind: 'cold_start.started', subject: { kind: 'cold_start', id }, payload });
}

async function lockState(tx: Transaction, id: ColdStartId): Promise<ColdStartState> {
  const [row] = await tx.query<{ state: ColdStartState }>('select state from cold_starts where id = $1 for no key update', [id]);
  if (!row) throw new Refusal('not_found', { kind: 'cold_start', id });
  return row.state;
}

async function lockOpen(tx: Transaction, id: ColdStartId): Promise<'running' | 'paused'> {
  const state = await lockState(tx, id);
  if (state === 'running' || state === 'paused') return state;
  throw new Refusal('cold_start_finished', { state });
}

/** It must be locked. */
export async function pause(tx: Transaction, id: ColdStartId, because: string): Promise<void> {
  await tx.query(`update cold_starts set state = 'paused', paused_because = $2, paused_at = clock_timestamp() where id = $1`, [
    id,
    because,
  ]);
  tx.emit({ kind: 'cold_start.paused', subject: { kind: 'cold_start', id }, payload: { because } });
}

/** It must be locked. */
export async function end(
  tx: Transaction,
  id: ColdStartId,
  state: 'succeeded' | 'failed' | 'cancelled',
  payload: Record<string, unknown> = {},
): Promise<void> {
  await tx.query(
    `update cold_starts set state = $2, finished_at = clock_timestamp(), paused_because = null, paused_at = null where id = $1`,
    [id, state],
  );
  await tx.query(
    `update cold_start_servers set state = 'skipped', code = 'operation_cancelled', ended_at = clock_timestamp()
      where cold_start_id = $1 and state = 'pending'`,
    [id],
  );
  tx.emit({ kind: 'cold_start.ended', subject: { kind: 'cold_start', id }, payload: { state, ...payload } });
}
