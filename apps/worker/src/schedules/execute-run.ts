// Carries out one run: chooses once, then works through what is left, and writes down each item as it ends.
import { parseServerFilter } from '@rackwright/api-contract/filter/server-filter.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { RunClaim } from '@rackwright/store/schedules/run-claims.ts';
import { StaleRun, type StoredError, type WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import { storedError } from '@rackwright/workflow-engine/run-workflow.ts';
import { type ScheduleTask } from '@rackwright/workflows/schedule-tasks/task.ts';
import { scheduleTask } from '@rackwright/workflows/schedule-tasks/tasks.ts';
import { type PassNeeds, workThrough } from './work-through.ts';
import { sayWhy } from '../say-why.ts';

export type ExecuteNeeds = PassNeeds & { leaseMs: number; lookAgainMs: number };

/** Harmless when it is done twice or taken over: every write is refused to whoever is not the owner. */
export async function executeRun(claim: RunClaim, needs: ExecuteNeeds): Promise<void> {
  const { store, log } = needs;
  const lost = new AbortController();
  const renewals = keepLease(claim, needs, () => lost.abort());
  try {
    await carryOut(claim, { ...needs, stopping: AbortSignal.any([needs.stopping, lost.signal]) });
  } catch (thrown) {
    if (thrown instanceof StaleRun) return;
    const error = storedError(thrown);
    // The world's trouble passes: the claim runs out, and somebody goes on.
    if (error.kind === 'fault' && error.retry !== 'never') throw thrown;
    log.error({ runId: claim.runId, schedule: claim.schedule, code: error.code, message: error.message }, 'schedule run failed');
    await store.end(claim, { error, artefact: undefined, facts: {} });
  } finally {
    clearInterval(renewals);
  }
}

/** A renewal that fails is told once a run; what is written after the lease has run out is refused. */
function keepLease(claim: RunClaim, { store, leaseMs, log }: ExecuteNeeds, onLost: () => void): NodeJS.Timeout {
  let told = false;
  return setInterval(() => {
    store.renew(claim, leaseMs).then(
      (ours) => (ours ? undefined : onLost()),
      (thrown: unknown) => {
        if (told) return;
        told = true;
        log.warn(
          { runId: claim.runId, schedule: claim.schedule, because: sayWhy(thrown) },
          'the lease of a schedule run could not be renewed',
        );
      },
    );
  }, leaseMs / 3);
}

async function carryOut(claim: RunClaim, needs: ExecuteNeeds): Promise<void> {
  const { store, log, stopping } = needs;
  const task = scheduleTask(claim.task);
  if (!claim.picked) await choose(claim, task, needs);
  const left = await workThrough(claim, task, needs);
  if (stopping.aborted) return store.suspend(claim, 0, null);
  if (left.length > 0) return store.suspend(claim, needs.lookAgainMs, waitingFor(claim, left, needs.tasks.clock.now()));
  const items = await store.allItems(claim);
  await store.end(claim, { error: null, artefact: task.report(items, claim.params), facts: {} });
  log.info({ runId: claim.runId, schedule: claim.schedule, task: claim.task, items: items.length }, 'schedule run ended');
}

async function choose(claim: RunClaim, task: ScheduleTask, { store, tasks }: ExecuteNeeds): Promise<void> {
  const parsed = parseServerFilter(claim.filter);
  // It was checked when it was written; what it may name can only have shrunk by an upgrade of ours.
  if (!parsed.ok) throw new Refusal('invalid_filter', { at: parsed.fault.at, problem: parsed.fault.problem });
  const candidates = await store.candidates(parsed.conditions);
  await store.savePicks(claim, task.pick(candidates, claim.params, { now: tasks.clock.now(), timeZone: claim.timeZone }));
}

/** Nothing waits silently: for what, since when, until when. */
function waitingFor(claim: RunClaim, left: readonly (StoredError | 'operation')[], now: number): WaitingFor {
  const operations = left.filter((why) => why === 'operation').length;
  const because = left.flatMap((why) => (why === 'operation' ? [] : [why.code]))[0];
  return {
    code: 'schedule_items',
    facts: { operations, triedAgain: left.length - operations, ...(because === undefined ? {} : { because }) },
    since: new Date(now).toISOString(),
    until: claim.deadlineAt,
    unblockedBy: 'the operations that it began, or their BMCs answering again',
  };
}
