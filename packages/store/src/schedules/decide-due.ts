// Looks at the schedules that may be due and writes down what is decided: a run, a run that waits, one that is skipped, or nothing yet.
import { decideRun, nextLook, type RunDecision } from '@rackwright/domain/schedules/decide-run.ts';
import type { ScheduleId, ScheduleRunId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { newId } from '../new-id.ts';
import { asksForAnotherTry, inTransaction, type Transaction } from '../transaction.ts';
import { type ScheduleRecord, SELECT_SCHEDULE } from './read-schedule.ts';

/** Nothing to be done about a clock that cannot be read but to look again, should somebody mend it. */
const LOOK_AGAIN_MS = 3_600_000;
/** What could not be written down may be written down then. */
const TRY_AGAIN_MS = 60_000;

export type Undecided = { id: ScheduleId; because: string };

/**
 * Each planned time is decided once, whichever worker looks and however many do: the row is locked, and what is decided is written
 * with the new `decided_through` in one transaction. One that cannot be decided holds up no other, and is looked at again in a minute.
 * @param now  milliseconds since the epoch @returns those that could not be decided
 */
export async function decideDue(database: Database, now: number, limit: number): Promise<Undecided[]> {
  return inTransaction(database, async (tx) => {
    const locked = await tx.query<{ id: ScheduleId }>(
      `select id from schedules where paused_at is null and look_at <= $1 order by look_at limit $2 for update skip locked`,
      [new Date(now).toISOString(), limit],
    );
    const undecided: Undecided[] = [];
    for (const { id } of locked) {
      const because = await decideAlone(tx, id, now);
      if (because !== undefined) undecided.push({ id, because });
    }
    return undecided;
  });
}

/** What goes wrong is undone, and nothing of the others with it. @returns why it was not decided */
async function decideAlone(tx: Transaction, id: ScheduleId, now: number): Promise<string | undefined> {
  try {
    await tx.savepoint(() => decideOne(tx, id, now));
    return undefined;
  } catch (thrown) {
    if (asksForAnotherTry(thrown)) throw thrown;
    await tx.query('update schedules set look_at = $2 where id = $1', [id, new Date(now + TRY_AGAIN_MS).toISOString()]);
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

async function decideOne(tx: Transaction, id: ScheduleId, now: number): Promise<void> {
  const [schedule] = await tx.query<ScheduleRecord>(`${SELECT_SCHEDULE} where t.id = $1`, [id]);
  if (!schedule) return;
  const rule = { ...schedule, paused: false };
  let decision: RunDecision;
  try {
    decision = decideRun(rule, { running: schedule.running ?? undefined, queued: schedule.queued ?? undefined }, now);
  } catch {
    await tx.query('update schedules set look_at = $2 where id = $1', [id, new Date(now + LOOK_AGAIN_MS).toISOString()]);
    return;
  }
  const lookAt = nextLook(rule, decision, now);
  if (decision.do === 'wait') {
    await tx.query('update schedules set look_at = $2 where id = $1', [id, lookAt]);
    return;
  }
  await tx.query('update schedules set look_at = $2, decided_through = $3 where id = $1', [id, lookAt, decision.plannedAt]);
  await writeRun(tx, schedule, decision);
}

async function writeRun(
  tx: Transaction,
  schedule: ScheduleRecord,
  decision: Exclude<RunDecision, { do: 'wait' }>,
): Promise<void> {
  const { why, facts } = reasonOf(decision);
  const state = decision.do === 'skip' ? 'skipped' : 'queued';
  await insertRun(tx, schedule, {
    trigger: 'schedule',
    state,
    why,
    facts,
    plannedAt: decision.plannedAt,
    by: `schedule ${schedule.name}`,
  });
}

function reasonOf(decision: Exclude<RunDecision, { do: 'wait' }>): { why: string; facts: Record<string, string | number> } {
  const missed = decision.missed === 0 ? {} : { missed: decision.missed };
  switch (decision.do) {
    case 'run':
      return {
        why: decision.why,
        facts: { ...missed, ...(decision.why === 'missed' ? { lateSeconds: decision.lateSeconds } : {}) },
      };
    case 'queue':
      return { why: 'waited', facts: { ...missed, behind: decision.behind } };
    case 'skip':
      return { why: decision.why, facts: { ...missed, ...decision.facts } };
    default:
      return decision satisfies never;
  }
}

export type RunToInsert = {
  trigger: 'schedule' | 'operator';
  state: 'queued' | 'skipped';
  why: string;
  facts: Record<string, string | number>;
  plannedAt: string;
  by: string;
  reason?: string;
  ignoreBlackout?: boolean;
};

/** The schedule must be locked. */
export async function insertRun(tx: Transaction, schedule: ScheduleRecord, run: RunToInsert): Promise<ScheduleRunId> {
  const id = newId('schedule_run');
  const { trigger, state, why, facts, plannedAt, by, reason = '', ignoreBlackout = false } = run;
  await tx.query(
    `insert into schedule_runs (id, schedule_id, trigger, state, why, facts, planned_at, requested_by, reason, ignore_blackout,
                                task, params, filter, limit_minutes, ended_at, wake_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
             case when $4 = 'skipped' then clock_timestamp() end, case when $4 = 'queued' then clock_timestamp() end)`,
    [
      ...[id, schedule.id, trigger, state, why, JSON.stringify(facts), plannedAt, by, reason, ignoreBlackout],
      ...[schedule.task, JSON.stringify(schedule.params), schedule.filter, schedule.limitMinutes],
    ],
  );
  const kind = state === 'skipped' ? 'schedule_run.skipped' : 'schedule_run.queued';
  tx.emit({
    kind,
    subject: { kind: 'schedule_run', id },
    payload: { schedule: schedule.name, task: schedule.task, why, plannedAt },
  });
  return id;
}
