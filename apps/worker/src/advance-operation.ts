// What one wake-up does: claim the operation, run its workflow as far as it gets, write down how it ended or what it waits for.
import { seconds } from '@rackwright/domain/durations.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { runWorkflow, type Outcome, type Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { LogLost, StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import type { Ports, Task } from '@rackwright/workflows/ports.ts';
import { WORKFLOWS } from '@rackwright/workflows/workflows.ts';
import { type HeldRun, holdRun, systemHoldClock } from './hold-run.ts';
import type { Log, Run, RunStore, WakeUps } from './needs.ts';

/** A process that dies loses its claim this long after its last renewal. */
const CLAIM_MS = seconds(20);

export type AdvanceNeeds = {
  runs: RunStore;
  queue: WakeUps;
  /** Those of one run: what they change in the world they change only while the run is theirs. */
  ports(held: HeldRun): Ports;
  worker: string;
  log: Log;
};

/** Harmless to call at any time, for any operation, from any process. */
export async function advanceOperation(
  { runs, queue, ports, worker, log }: AdvanceNeeds,
  operationId: OperationId,
): Promise<void> {
  const claimedAt = systemHoldClock();
  const run = await runs.claim(operationId, worker, CLAIM_MS);
  if (run === 'over') return;
  // The process that runs it now may have looked before our news arrived: look again when it is done.
  if (run === 'busy') return queue.wakeUp(operationId, { delayMs: seconds(1) });

  const held = holdRun(run, runs, CLAIM_MS, claimedAt);
  const renewals = setInterval(() => void held.renew().catch(() => undefined), CLAIM_MS / 3);
  try {
    const outcome = await runOnce(run, runs, ports(held));
    await settle(outcome, run, { runs, queue, log });
  } catch (thrown) {
    if (!(thrown instanceof StaleRun) && !(thrown instanceof LogLost)) throw thrown;
    // Nothing was decided. Whoever took over goes on; after a lost log the sweep wakes it when the claim has run out.
    log.warn({ operationId, because: thrown.cause instanceof Error ? thrown.cause.message : thrown.message }, 'run ended early');
  } finally {
    clearInterval(renewals);
  }
}

function runOnce(run: Run, runs: RunStore, ports: Ports): Promise<Outcome> {
  // The parameters were checked by the API against the schema of this very operation type.
  const workflow = WORKFLOWS[run.workflow].run as Workflow<Ports, Task<unknown>>;
  const task: Task<unknown> = { operationId: run.operationId, serverId: run.serverId, params: run.params };
  return runWorkflow(workflow, ports, task, runs.stepLog(run), ports.clock);
}

async function settle(
  outcome: Outcome,
  run: Run,
  { runs, queue, log }: Pick<AdvanceNeeds, 'runs' | 'queue' | 'log'>,
): Promise<void> {
  const { operationId, serverId, workflow } = run;
  switch (outcome.kind) {
    case 'suspended': {
      const dueAt = await runs.suspend(run, outcome.wakeAt, outcome.waitingFor);
      // A clock that differs from the database's, or a wake-up that is lost, costs at most one sweep.
      const delayMs = Math.max(0, Date.parse(dueAt) - Date.now());
      await queue.wakeUp(operationId, { delayMs });
      return;
    }
    case 'finished':
      await runs.finish(run);
      log.info({ operationId, serverId, workflow }, 'finished');
      return;
    case 'failed': {
      const { steps } = await runs.stepLog(run).load();
      await runs.fail(run, outcome.error, WORKFLOWS[workflow].failsBy(steps));
      log[outcome.error.kind === 'bug' ? 'error' : 'warn'](
        { operationId, serverId, workflow, code: outcome.error.code, message: outcome.error.message },
        'failed',
      );
    }
  }
}
