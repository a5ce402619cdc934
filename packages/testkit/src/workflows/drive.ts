// Drives a workflow to its end as a worker would: runs it, lets time pass until its wake-up, runs it again.
import type { Ports, Task } from '@rackwright/workflows/ports.ts';
import { runWorkflow, type Outcome, type Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { StaleRun, type WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { World } from '../world/world.ts';
import { memoryStepLog, type MemoryLog } from './memory-step-log.ts';

export type Driven = { outcome: Outcome; log: MemoryLog; waits: WaitingFor[]; crashes: number };
export type AnyWorkflow<Params> = Workflow<Ports, Task<Params>>;

export const newLog = (world: World): MemoryLog => memoryStepLog(new Date(world.now + 24 * 3_600_000).toISOString());

/** @param params  what the caller asked for; the task's ids are fixed */
export async function drive<Params>(
  workflow: AnyWorkflow<Params>,
  { world, ports }: { world: World; ports: Ports },
  params: Params,
  log: MemoryLog = newLog(world),
): Promise<Driven> {
  const task: Task<Params> = { operationId: 'op_1', serverId: 'srv_1', params };
  const waits: WaitingFor[] = [];
  let crashes = 0;
  for (let turn = 0; turn < 5_000; turn++) {
    try {
      const { unsaved, steps: _steps, ...outcome } = await runWorkflow(workflow, ports, task, log, ports.clock);
      await log.save(...unsaved);
      if (outcome.kind !== 'suspended') return { outcome, log, waits, crashes };
      waits.push(outcome.waitingFor);
      world.now = Math.max(world.now, Date.parse(outcome.wakeAt));
    } catch (thrown) {
      if (!(thrown instanceof StaleRun)) throw thrown;
      crashes += 1;
      log.dieAt(() => undefined);
    }
  }
  throw new Error(`never ended; the last wait was ${JSON.stringify(waits.at(-1))}`);
}
