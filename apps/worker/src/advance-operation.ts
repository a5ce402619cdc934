// What one wake-up does: claim the operation, run its workflow as far as it gets, write down how it ended or what it waits for.
import { seconds } from '@rackwright/domain/durations.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { runWorkflow, type RunEnd, type Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { LogLost, StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import type { Ports, Task } from '@rackwright/workflows/ports.ts';
import { WORKFLOWS } from '@rackwright/workflows/workflows.ts';
import { type HeldRun, holdRun, systemHoldClock } from './hold-run.ts';
import type { Alarms, Log, Run, RunStore, WakeUps } from './needs.ts';
import { sayWhy } from './say-why.ts';

/** A process that dies loses its claim this long after its last renewal. */
const CLAIM_MS = seconds(20);

export type AdvanceNeeds = {
  runs: RunStore;
  queue: WakeUps;
  alarms: Alarms;
  /** Those of one run: what they change in the world they change only while the run is theirs. */
  ports(held: HeldRun): Ports;
  worker: string;
  log: Log;
};

/** Harmless to call at any time, for any operation, from any process. */
export async function advanceOperation(
  { runs, queue, alarms, ports, worker, log }: AdvanceNeeds,
  operationId: OperationId,
): Promise<void> {
  const claimedAt = systemHoldClock();
  const run = await runs.claim(operationId, worker, CLAIM_MS);
  if (run === 'over') return;
  // The process that runs it now may have looked before our news arrived: look again when it is done.
  if (run === 'busy') return alarms.set(operationId, seconds(1));

  const held = holdRun(run, runs, CLAIM_MS, claimedAt);
  const renewals = keepClaim(held, log);
  try {
    await settle(await runOnce(run, runs, ports(held)), run, { runs, queue, alarms, log });
  } catch (thrown) {
    if (!(thrown instanceof StaleRun) && !(thrown instanceof LogLost)) throw thrown;
    // Nothing was decided. Whoever took over goes on; after a lost log the sweep wakes it when the claim has run out.
    log.warn({ operationId, because: thrown.cause instanceof Error ? thrown.cause.message : thrown.message }, 'run ended early');
  } finally {
    clearInterval(renewals);
  }
}

/** A renewal that fails is told once a run; what is written after the claim has run out is refused by the fence. */
function keepClaim({ run, renew }: HeldRun, log: Log): NodeJS.Timeout {
  let told = false;
  return setInterval(() => {
    renew().catch((thrown: unknown) => {
      if (told) return;
      told = true;
      const because = sayWhy(thrown);
      log.warn({ operationId: run.operationId, because }, 'the claim could not be renewed');
    });
  }, CLAIM_MS / 3);
}

function runOnce(run: Run, runs: RunStore, ports: Ports): Promise<RunEnd> {
  // The parameters were checked by the API against the schema of this very operation type.
  const workflow = WORKFLOWS[run.workflow].run as Workflow<Ports, Task<unknown>>;
  const task: Task<unknown> = { operationId: run.operationId, serverId: run.serverId, params: run.params };
  const log = { ...runs.stepLog(run), load: async () => run.journal };
  return runWorkflow(workflow, ports, task, log, ports.clock);
}

async function settle(
  outcome: RunEnd,
  run: Run,
  { runs, queue, alarms, log }: Pick<AdvanceNeeds, 'runs' | 'queue' | 'alarms' | 'log'>,
): Promise<void> {
  const { operationId, serverId, workflow } = run;
  switch (outcome.kind) {
    case 'suspended': {
      const dueAt = await runs.suspend(run, outcome.wakeAt, outcome.waitingFor, outcome.unsaved);
      // A clock that differs from the database's, or an alarm that is lost, costs at most one sweep.
      const delayMs = Date.parse(dueAt) - Date.now();
      if (delayMs <= 0) await queue.wakeUp(operationId);
      else alarms.set(operationId, delayMs);
      return;
    }
    case 'finished':
      await runs.finish(run, outcome.unsaved);
      log.info({ operationId, serverId, workflow }, 'finished');
      return;
    case 'failed': {
      await runs.fail(run, outcome.error, WORKFLOWS[workflow].failsBy(outcome.steps));
      log[outcome.error.kind === 'bug' ? 'error' : 'warn'](
        { operationId, serverId, workflow, code: outcome.error.code, message: outcome.error.message },
        'failed',
      );
    }
  }
}
