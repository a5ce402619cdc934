// One pass over the items of a run that are not at their end: as many at once as the task allows, none after its time or in a blackout.
import { Refusal } from '@rackwright/domain/errors.ts';
import { activeBlackout } from '@rackwright/domain/schedules/blackout.ts';
import { timeZoneOf } from '@rackwright/domain/schedules/time-zone.ts';
import type { OpenItem } from '@rackwright/store/schedules/run-items.ts';
import type { RunClaim } from '@rackwright/store/schedules/run-claims.ts';
import type { ScheduleStore } from '@rackwright/store/schedules/schedule-store.ts';
import { storedError } from '@rackwright/workflow-engine/run-workflow.ts';
import { StaleRun, type StoredError } from '@rackwright/workflow-engine/step-log.ts';
import type { TaskNeeds } from '@rackwright/workflows/schedule-tasks/needs.ts';
import type { Acted, ScheduleTask } from '@rackwright/workflows/schedule-tasks/task.ts';
import { inLanes } from '../each-at-most.ts';
import type { Log, WakeUps } from '../needs.ts';

export type PassNeeds = { store: ScheduleStore; tasks: TaskNeeds; queue: WakeUps; log: Log; stopping: AbortSignal };

/** Why an item is left: its operation runs, or it is tried again because of that. */
export type Left = 'operation' | StoredError;

/** @returns what is left after it; empty when the run is at its end, or when we are to stop */
export async function workThrough(claim: RunClaim, task: ScheduleTask, needs: PassNeeds): Promise<Left[]> {
  const items = await needs.store.openItems(claim);
  const left: Left[] = [];
  const waits = items.filter(underWay);
  for (const item of waits) {
    if (needs.tasks.clock.now() < Date.parse(claim.deadlineAt)) left.push('operation');
    else await needs.store.record(claim, item.position, { state: 'failed', error: outOfTime(item) });
  }
  const turn = items.filter((item) => !underWay(item));
  // What comes to wait for an operation keeps its place until a later pass.
  const room = task.atOnce(claim.params) - left.length;
  const lane = async (): Promise<void> => {
    for (let item = turn.shift(); item !== undefined && !needs.stopping.aborted; item = turn.shift()) {
      const why = await oneItem(claim, task, item, needs);
      if (why !== undefined) left.push(why);
      if (why === 'operation') return;
    }
  };
  // The first that fails ends the pass, once the others have come to their next item's end.
  await inLanes(Math.min(room, turn.length), lane);
  // No lane was left for these: they wait for those that run.
  return [...left, ...turn.map((): Left => 'operation')];
}

const underWay = ({ operation }: OpenItem): boolean => operation?.state === 'running';

async function oneItem(claim: RunClaim, task: ScheduleTask, item: OpenItem, needs: PassNeeds): Promise<Left | undefined> {
  const { store, tasks } = needs;
  const now = tasks.clock.now();
  if (now >= Date.parse(claim.deadlineAt)) {
    await store.record(claim, item.position, { state: 'skipped', reason: 'run_out_of_time', facts: {} });
    return undefined;
  }
  const zone = timeZoneOf(claim.timeZone);
  const closed = zone && activeBlackout(claim.blackouts, zone, now);
  if (closed) {
    const facts = { window: closed.reason, until: new Date(closed.until).toISOString() };
    await store.record(claim, item.position, { state: 'skipped', reason: 'blackout_began', facts });
    return undefined;
  }
  const { runId, schedule, fence, deadlineAt, timeZone } = claim;
  const parkedAs = `schedule ${schedule}, run ${runId}`;
  const run = { runId, parkedAs, holder: `${parkedAs}, worker ${fence}`, deadlineAt, timeZone };
  const acted = await task.act(item, claim.params, tasks, run).catch((thrown: unknown): Acted => {
    if (thrown instanceof StaleRun) throw thrown;
    return { do: 'fail', error: storedError(thrown) };
  });
  return writeDown(claim, item, acted, needs);
}

async function writeDown(claim: RunClaim, item: OpenItem, acted: Acted, needs: PassNeeds): Promise<Left | undefined> {
  const { store, log } = needs;
  const { position, subject } = item;
  switch (acted.do) {
    case 'note':
      await store.record(claim, position, { state: 'done', result: acted.result });
      return undefined;
    case 'skip':
      await store.record(claim, position, { state: 'skipped', reason: acted.reason, facts: acted.facts });
      return undefined;
    case 'again':
      return acted.because;
    case 'fail': {
      const result = acted.result === undefined ? {} : { result: acted.result };
      log.warn(
        { runId: claim.runId, subject: subject.name, code: acted.error.code, message: acted.error.message },
        'schedule item failed',
      );
      await store.record(claim, position, { state: 'failed', error: acted.error, ...result });
      return undefined;
    }
    case 'begin':
      return begin(claim, item, acted, needs);
  }
}

async function begin(
  claim: RunClaim,
  item: OpenItem,
  wanted: Extract<Acted, { do: 'begin' }>,
  { store, queue }: PassNeeds,
): Promise<Left | undefined> {
  const { event, params, reason } = wanted;
  if (item.subject.kind !== 'server') throw new Error('operations are begun on servers');
  try {
    const operationId = await store.begin(claim, item, { serverId: item.subject.id, event, params, reason });
    // A lost wake-up is found by the sweep.
    await queue.wakeUp(operationId).catch(() => undefined);
    return 'operation';
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    await store.record(claim, item.position, { state: 'failed', error: storedError(thrown) });
    return undefined;
  }
}

function outOfTime({ operation }: OpenItem): StoredError {
  const facts = { operationId: operation?.id ?? null };
  return {
    kind: 'refusal',
    code: 'schedule_run_out_of_time',
    message: 'the operation goes on; the run does not wait for it',
    retry: 'never',
    facts,
  };
}
