// Plans as they are kept: written once, shown until they expire, carried out at most once and only while nothing has changed.
import { createHash } from 'node:crypto';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { BulkOperationId, ClusterId, PlanId, ServerId } from '@rackwright/domain/ids.ts';
import { clusterChanges, type PlanChange, type PlannedServer, serverChanges } from '@rackwright/domain/plans/plan-changes.ts';
import type { PlanItem, PlanSummary } from '@rackwright/domain/plans/plan-all.ts';
import type { PlannedOperation } from '@rackwright/domain/plans/plan-operation.ts';
import { basisOf, type PlanSubject } from '@rackwright/domain/plans/plan-subject.ts';
import type { Waves } from '@rackwright/domain/plans/waves.ts';
import type { OperationEvent } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import type { WorkflowName } from '@rackwright/domain/server-lifecycle/table.ts';
import { type Page, type PageRequest, pageOf, type Work } from '../inventory/work.ts';
import type { Transaction } from '../transaction.ts';
import { type BulkRecord, readBulk } from './read-bulk.ts';
import { readPlanWorld, type WorldOnFile } from './read-plan-world.ts';
import { readSubjects, type Selection } from './read-subjects.ts';

/** What was seen of a cluster or an image, in lines that are compared; `only` these nodes of it matter. */
export type Sight = { name: string; lines: string[]; only?: string[] | undefined };

export type NewPlan = {
  event: OperationEvent;
  params: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  selection: Selection;
  waves: Waves;
  summary: PlanSummary;
  sights: Record<string, Sight>;
  items: readonly PlanItem[];
  lastsSeconds: number;
};

export type PlanRecord = Omit<NewPlan, 'items' | 'lastsSeconds'> & {
  id: PlanId;
  fingerprint: string;
  createdAt: string;
  expiresAt: string;
  executionId: BulkOperationId | null;
};

export type PlanItemRecord = {
  position: number;
  serverId: ServerId;
  serverName: string;
  runs: boolean;
  basis: ReturnType<typeof basisOf>;
  planned: PlannedOperation;
};

/** More than this, and a list of racks or a narrower filter is the better question. */
export const MOST_SERVERS = 5_000;

const SELECT_PLAN = `
  select p.id, p.event, p.params, p.reason, p.requested_by as "requestedBy", p.selection, p.waves, p.summary, p.sights, p.fingerprint,
         p.created_at as "createdAt", p.expires_at as "expiresAt", b.id as "executionId"
    from plans p left join bulk_operations b on b.plan_id = p.id`;

export function postgresPlans(work: Work) {
  return {
    /** Refusals `too_many_servers`, `not_found` for an id that is not on file, `nothing_chosen`. */
    choose: (selection: Selection): Promise<PlanSubject[]> => choose(work, selection),

    world: (workflow: WorkflowName, target: ClusterId | undefined): Promise<WorldOnFile> =>
      readPlanWorld(work.read, workflow, target),

    create: (id: PlanId, plan: NewPlan): Promise<PlanRecord> =>
      work.write(async (tx) => {
        await insertPlan(tx, id, plan);
        return readPlan(tx, id);
      }),

    get: (id: PlanId): Promise<PlanRecord> => readPlan(work.read, id),

    /** In the order in which they will be begun. */
    async items(
      id: PlanId,
      { limit, after }: PageRequest,
      filter: { runs?: boolean | undefined },
    ): Promise<Page<PlanItemRecord>> {
      const rows = await work.read.query<PlanItemRecord>(
        `select position, server_id as "serverId", server_name as "serverName", runs, basis, planned from plan_items
          where plan_id = $1 and position > $2 and ($3::boolean is null or runs = $3) order by position limit $4`,
        [id, after ?? -1, filter.runs ?? null, limit + 1],
      );
      return pageOf(rows, limit, ({ position }) => String(position));
    },

    /**
     * Carried out already: the same bulk operation again. Refusals `not_found`, `plan_expired`, `plan_runs_nothing`.
     * @param sights  of the same clusters and the same image, as they are now
     */
    execute: (
      id: PlanId,
      bulkId: BulkOperationId,
      by: string,
      sights: Record<string, Sight>,
    ): Promise<{ changes: PlanChange[] } | { execution: BulkRecord }> => work.write((tx) => execute(tx, id, bulkId, by, sights)),
  };
}

async function choose({ read }: Pick<Work, 'read'>, selection: Selection): Promise<PlanSubject[]> {
  const subjects = await readSubjects(read, selection, MOST_SERVERS + 1);
  if (subjects.length > MOST_SERVERS) throw new Refusal('too_many_servers', { most: MOST_SERVERS });
  if ('ids' in selection) {
    const known = new Set(subjects.map(({ id }) => id));
    const missing = selection.ids.find((id) => !known.has(id));
    if (missing !== undefined) throw new Refusal('not_found', { kind: 'server', id: missing });
  }
  if (subjects.length === 0) throw new Refusal('nothing_chosen');
  return subjects;
}

async function insertPlan(tx: Transaction, id: PlanId, plan: NewPlan): Promise<void> {
  const { event, params, reason, requestedBy, selection, waves, summary, sights, lastsSeconds } = plan;
  const items = plan.items.map(({ subject, planned }, position) => ({
    position,
    server_id: subject.id,
    server_name: subject.name,
    rack_id: subject.rackId,
    runs: planned.runs,
    basis: basisOf(subject),
    planned,
  }));
  const dependsOn = { event, params, waves, sights, items: items.map(({ server_id, basis }) => [server_id, basis]) };
  const fingerprint = `sha256-${createHash('sha256').update(canonicalJson(dependsOn)).digest('hex')}`;
  await tx.query(
    `insert into plans (id, event, params, reason, requested_by, selection, waves, summary, sights, fingerprint, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp(), clock_timestamp() + make_interval(secs => $11))`,
    [
      id,
      event,
      ...[params].map(json),
      reason,
      requestedBy,
      ...[selection, waves, summary, sights].map(json),
      fingerprint,
      lastsSeconds,
    ],
  );
  await tx.query(
    `insert into plan_items (plan_id, position, server_id, server_name, rack_id, runs, basis, planned)
     select $1, i.position, i.server_id, i.server_name, i.rack_id, i.runs, i.basis, i.planned
       from jsonb_to_recordset($2::jsonb)
            as i(position int, server_id text, server_name text, rack_id text, runs boolean, basis jsonb, planned jsonb)`,
    [id, json(items)],
  );
}

async function readPlan(sql: Work['read'], id: PlanId, lock = ''): Promise<PlanRecord> {
  const [row] = await sql.query<PlanRecord>(`${SELECT_PLAN} where p.id = $1 ${lock}`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'plan', id });
  return row;
}

async function execute(
  tx: Transaction,
  id: PlanId,
  bulkId: BulkOperationId,
  by: string,
  sights: Record<string, Sight>,
): Promise<{ changes: PlanChange[] } | { execution: BulkRecord }> {
  // Two who carry out the same plan come one after the other; the second finds what the first began.
  await tx.query('select from plans where id = $1 for update', [id]);
  const plan = await readPlan(tx, id);
  if (plan.executionId !== null) return { execution: await readBulk(tx, plan.executionId) };
  const [alive] = await tx.query('select from plans where id = $1 and expires_at > clock_timestamp()', [id]);
  if (!alive) throw new Refusal('plan_expired', { expiredAt: plan.expiresAt });
  if (plan.summary.runs === 0) throw new Refusal('plan_runs_nothing', { servers: plan.summary.total });
  const changes = await changesSince(tx, plan, sights);
  if (changes.length > 0) return { changes };

  await tx.query(
    `insert into bulk_operations (id, plan_id, event, params, reason, requested_by, waves, state_since, state_by, look_at, created_at)
     select $2, id, event, params, reason, $3, waves, clock_timestamp(), $3, clock_timestamp(), clock_timestamp() from plans where id = $1`,
    [id, bulkId, by],
  );
  await tx.query(
    `insert into bulk_items (bulk_id, position, server_id, server_name, rack_id, basis)
     select $2, row_number() over (order by position) - 1, server_id, server_name, rack_id, basis from plan_items
      where plan_id = $1 and runs`,
    [id, bulkId],
  );
  tx.emit({
    kind: 'bulk_operation.started',
    subject: { kind: 'bulk_operation', id: bulkId },
    payload: { planId: id, event: plan.event, servers: plan.summary.runs, by },
  });
  return { execution: await readBulk(tx, bulkId) };
}

async function changesSince(tx: Transaction, plan: PlanRecord, sights: Record<string, Sight>): Promise<PlanChange[]> {
  const planned = await tx.query<PlannedServer>(
    'select server_id as "serverId", server_name as name, runs, basis from plan_items where plan_id = $1 order by position',
    [plan.id],
  );
  const now = await readSubjects(tx, plan.selection, MOST_SERVERS + 1);
  const servers = now.map((subject) => ({ serverId: subject.id, name: subject.name, basis: basisOf(subject) }));
  const ofSights = Object.entries(plan.sights).flatMap(([key, { name, lines }]) =>
    clusterChanges(name, lines, sights[key]?.lines ?? []),
  );
  return [...serverChanges(planned, servers), ...ofSights];
}

const json = (value: unknown): string => JSON.stringify(value);
