// Schedules as the API makes, changes, pauses and starts them, and what their runs left. Who runs them is in run-claims.ts.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ScheduleId, ScheduleRunId } from '@rackwright/domain/ids.ts';
import { activeBlackout } from '@rackwright/domain/schedules/blackout.ts';
import { timeZoneOf } from '@rackwright/domain/schedules/time-zone.ts';
import type { Condition } from '../inventory/server-filter.ts';
import { listTable, type Table, tableCollection } from '../inventory/table-collection.ts';
import { type Page, type PageRequest, pageOf, type Work } from '../inventory/work.ts';
import type { Transaction } from '../transaction.ts';
import { readCandidates, readClusterCandidates } from './candidates.ts';
import { insertRun } from './decide-due.ts';
import {
  type NewSchedule,
  type RunRecord,
  type RunState,
  type ScheduleRecord,
  SELECT_RUN,
  SELECT_RUN_IN_LIST,
  SELECT_SCHEDULE,
} from './read-schedule.ts';
import { type ItemRecord, type ItemState, SELECT_ITEM } from './run-items.ts';

const MOST_SCHEDULES = 200;

const SCHEDULES: Table<NewSchedule> & { kind: 'schedule' } = {
  kind: 'schedule',
  table: 'schedules',
  select: SELECT_SCHEDULE,
  columns: {
    name: 'name',
    task: 'task',
    params: 'params::jsonb',
    filter: 'filter',
    cron: 'cron',
    timeZone: 'time_zone',
    blackouts: 'blackouts::jsonb',
    overlap: 'overlap',
    missed: 'missed::jsonb',
    limitMinutes: 'limit_minutes::int',
  },
  meanings: ({ name = '' }) => ({ schedules_name_key: () => new Refusal('name_taken', { kind: 'schedule', name }) }),
  async writeParts(tx, id, { name, cron, timeZone }) {
    // What another clock planned is not missed by this one.
    const clockChanged = cron !== undefined || timeZone !== undefined;
    await tx.query(
      `update schedules set look_at = case when paused_at is null then clock_timestamp() end,
              decided_through = case when $2 then greatest(decided_through, clock_timestamp()) else decided_through end where id = $1`,
      [id, clockChanged],
    );
    if (name === undefined) return;
    const [known] = await tx.query<{ count: number }>('select count(*) from schedules');
    if ((known?.count ?? 0) > MOST_SCHEDULES) throw new Refusal('too_many_schedules', { most: MOST_SCHEDULES });
  },
};

export type RunNow = { by: string; reason: string; ignoreBlackout: boolean; now: number };

export function postgresSchedules(work: Work) {
  const collection = tableCollection<'schedule', ScheduleRecord, NewSchedule>(work, SCHEDULES);
  return {
    ...collection,
    ...readingRuns(work),
    list: (page: PageRequest, filter: { name?: string | undefined; task?: string | undefined }) =>
      listTable<ScheduleRecord>(work.read, SCHEDULES, page, { name: filter.name, task: filter.task }),

    /** What waits for its turn is skipped; what runs goes on. May be repeated. */
    pause: (id: ScheduleId, by: string, reason: string): Promise<ScheduleRecord> =>
      work.write(async (tx) => {
        const { pausedAt } = await lockSchedule(tx, id);
        if (pausedAt === null) await pauseLocked(tx, id, by, reason);
        return readSchedule(tx, id);
      }),

    /** Goes on with the next planned time: what came meanwhile is not missed. May be repeated. */
    resume: (id: ScheduleId, by: string): Promise<ScheduleRecord> =>
      work.write(async (tx) => {
        const { pausedAt } = await lockSchedule(tx, id);
        if (pausedAt !== null) await resumeLocked(tx, id, by);
        return readSchedule(tx, id);
      }),

    /** Also while paused. Refusals `schedule_run_in_progress`, `schedule_in_blackout`. */
    runNow: (id: ScheduleId, { by, reason, ignoreBlackout, now }: RunNow): Promise<RunRecord> =>
      work.write(async (tx) => {
        const schedule = await lockSchedule(tx, id);
        refuseRunNow(schedule, ignoreBlackout, now);
        const why = schedule.running === null ? 'asked' : 'waited';
        const facts: Record<string, string> = schedule.running === null ? {} : { behind: schedule.running };
        const plannedAt = new Date(now).toISOString();
        const run = await insertRun(tx, schedule, {
          trigger: 'operator',
          state: 'queued',
          why,
          facts,
          plannedAt,
          by,
          reason,
          ignoreBlackout,
        });
        return readRun(tx, id, run);
      }),
  };
}

function readingRuns(work: Work) {
  return {
    /** What a task would choose from now. */
    candidates: async (conditions: Condition[]) => ({
      servers: await readCandidates(work.read, conditions),
      clusters: await readClusterCandidates(work.read),
    }),

    run: (id: ScheduleId, runId: ScheduleRunId): Promise<RunRecord> => readRun(work.read, id, runId),

    /** Newest first: ids sort by time. */
    async runs(
      id: ScheduleId,
      { limit, after }: PageRequest,
      { state }: { state?: RunState | undefined },
    ): Promise<Page<RunRecord>> {
      const rows = await work.read.query<RunRecord>(
        `${SELECT_RUN_IN_LIST} where t.schedule_id = $1 and ($2::text is null or t.id < $2) and ($3::text is null or t.state = $3) order by t.id desc limit $4`,
        [id, after, state ?? null, limit + 1],
      );
      return pageOf(rows, limit, (run) => run.id);
    },

    /** In the order in which they were picked. */
    async items(
      runId: ScheduleRunId,
      { limit, after }: PageRequest,
      { state }: { state?: ItemState | undefined },
    ): Promise<Page<ItemRecord>> {
      const rows = await work.read.query<ItemRecord>(
        `${SELECT_ITEM} where i.run_id = $1 and i.position > $2 and ($3::text is null or i.state = $3) order by i.position limit $4`,
        [runId, after === null ? -1 : Number(after), state ?? null, limit + 1],
      );
      return pageOf(rows, limit, (item) => String(item.position));
    },
  };
}

async function readSchedule(tx: Transaction, id: ScheduleId): Promise<ScheduleRecord> {
  const [schedule] = await tx.query<ScheduleRecord>(`${SELECT_SCHEDULE} where t.id = $1`, [id]);
  if (!schedule) throw new Refusal('not_found', { kind: 'schedule', id });
  return schedule;
}

async function lockSchedule(tx: Transaction, id: ScheduleId): Promise<ScheduleRecord> {
  await tx.query('select 1 from schedules where id = $1 for update', [id]);
  return readSchedule(tx, id);
}

async function readRun(sql: Pick<Transaction, 'query'>, id: ScheduleId, runId: ScheduleRunId): Promise<RunRecord> {
  const [run] = await sql.query<RunRecord>(`${SELECT_RUN} where t.id = $1 and t.schedule_id = $2`, [runId, id]);
  if (!run) throw new Refusal('not_found', { kind: 'schedule_run', id: runId });
  return run;
}

function refuseRunNow(schedule: ScheduleRecord, ignoreBlackout: boolean, now: number): void {
  const { name, running, queued, overlap } = schedule;
  const before = queued ?? (overlap === 'skip' ? running : null);
  if (before !== null) throw new Refusal('schedule_run_in_progress', { schedule: name, runId: before });
  const zone = timeZoneOf(schedule.timeZone);
  const closed = zone && !ignoreBlackout ? activeBlackout(schedule.blackouts, zone, now) : undefined;
  if (closed)
    throw new Refusal('schedule_in_blackout', {
      schedule: name,
      window: closed.reason,
      until: new Date(closed.until).toISOString(),
    });
}

async function pauseLocked(tx: Transaction, id: ScheduleId, by: string, reason: string): Promise<void> {
  await tx.query(
    'update schedules set paused_at = clock_timestamp(), paused_by = $2, paused_reason = $3, look_at = null where id = $1',
    [id, by, reason],
  );
  const stopped = await tx.query<{ id: ScheduleRunId }>(
    `update schedule_runs set state = 'skipped', why = 'paused', ended_at = clock_timestamp(), wake_at = null
      where schedule_id = $1 and state = 'queued' and trigger = 'schedule' returning id`,
    [id],
  );
  for (const run of stopped)
    tx.emit({ kind: 'schedule_run.skipped', subject: { kind: 'schedule_run', id: run.id }, payload: { why: 'paused' } });
  await tell(tx, id, 'schedule.paused', { by, reason });
}

async function resumeLocked(tx: Transaction, id: ScheduleId, by: string): Promise<void> {
  await tx.query(
    `update schedules set paused_at = null, paused_by = null, paused_reason = null, look_at = clock_timestamp(),
            decided_through = greatest(decided_through, clock_timestamp()) where id = $1`,
    [id],
  );
  await tell(tx, id, 'schedule.resumed', { by });
}

async function tell(
  tx: Transaction,
  id: ScheduleId,
  kind: 'schedule.paused' | 'schedule.resumed',
  payload: Record<string, unknown>,
): Promise<void> {
  const [row] = await tx.query<{ version: number }>(
    'update schedules set version = version + 1, updated_at = clock_timestamp() where id = $1 returning version',
    [id],
  );
  tx.emit({ kind, subject: { kind: 'schedule', id }, version: row?.version, payload });
}
