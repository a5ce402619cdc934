// What runs write on their way, of many operations in one transaction: steps, and that they go to sleep.
import { Fault } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { StaleRun, type StepRecord, type WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { Database } from '../database.ts';
import type { NewEvent } from '../events.ts';
import { gather } from './gather.ts';

/** Which operation, and the number of the run that may write. */
export type FencedRun = { operationId: OperationId; serverId: ServerId; fence: bigint };

export type RunSave = {
  run: FencedRun;
  steps: readonly StepRecord[];
  /** The run ends, and the operation sleeps until `wakeAt`. */
  suspend?: { wakeAt: string; waitingFor: WaitingFor };
};

/**
 * @returns when it is due, of a run that was suspended. Throws StaleRun when another run has begun since, which concerns nobody else of
 * the same round. May be repeated.
 */
export type SaveRun = (save: RunSave) => Promise<string>;

/** Bounds what one transaction writes, and with it how long it holds the lock on the event numbers. */
const MOST_AT_ONCE = 64;

/** One for the whole process: only what goes through the same one goes together. */
export function postgresSaveRun(database: Database): SaveRun {
  return gather<RunSave, string>({
    together: (saves) => saveRuns(database, saves, false),
    async alone(save) {
      const [wakeAt] = await saveRuns(database, [save], true);
      if (wakeAt === undefined) throw new StaleRun();
      return wakeAt;
    },
    hopeless: (error) => error instanceof Fault,
    most: MOST_AT_ONCE,
  });
}

/** Undefined for those that wrote nothing: another run has begun, or, unless `patient`, somebody else holds the operation now. */
async function saveRuns(database: Database, saves: readonly RunSave[], patient: boolean): Promise<(string | undefined)[]> {
  const rows = await database.query<{ nth: number; wakeAt: string | null }>(
    'select nth, wake_at as "wakeAt" from save_runs($1::jsonb, $2)',
    [JSON.stringify(saves.map(rowOf)), patient],
  );
  const wakeAt = new Map(rows.map((row) => [row.nth, row.wakeAt ?? '']));
  return saves.map((_, at) => wakeAt.get(at + 1));
}

function rowOf({ run, steps, suspend }: RunSave): object {
  const { operationId, fence } = run;
  const events = steps.map((step) => stepEvent(run, step));
  const sleep = suspend && { ...suspend, event: waitingEvent(run, suspend.waitingFor) };
  return { operationId, fence: String(fence), steps, events, ...(sleep ? { suspend: sleep } : {}) };
}

export function stepEvent({ operationId, serverId }: FencedRun, { name, state, attempt, error }: StepRecord): NewEvent {
  return {
    kind: 'operation.step',
    subject: { kind: 'operation', id: operationId },
    serverId,
    operationId,
    payload: { step: name, state, attempt, ...(error ? { code: error.code } : {}) },
  };
}

function waitingEvent({ operationId, serverId }: FencedRun, waitingFor: WaitingFor): NewEvent {
  const subject = { kind: 'operation' as const, id: operationId };
  return { kind: 'operation.waiting', subject, serverId, operationId, payload: { ...waitingFor } };
}
