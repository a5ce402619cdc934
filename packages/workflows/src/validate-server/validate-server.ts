// Validate: after a repair, count the parts again, burn them in, and return to service with the Node that waited, or rest switched off.
import { hours } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { type JudgedRepair, judgeRepair, type RepairReview } from '@rackwright/domain/hardware/judge-repair.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { type BurnIn, burnInLimit, burnInPlan } from '@rackwright/domain/work-orders/burn-in.ts';
import { returnsToService } from '@rackwright/domain/work-orders/return-to-service.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { bootAgent, closeAgentTicket, tellAgent } from '../boot-agent/boot-agent.ts';
import type { Ports, Task } from '../ports.ts';
import { returnToService } from './return-to-service.ts';

export type ValidateParams = {
  /** `short` unless told. */
  burnIn?: BurnIn | undefined;
  /** What the work order says was replaced. */
  replaced?: RepairReview['replaced'] | undefined;
  /** Written by the store: the state it was taken out of for the repair. */
  cameFrom?: ServerState | undefined;
};

export const validateServer: Workflow<Ports, Task<ValidateParams>> = async (run, needs, task) => {
  const { servers, withBmc } = needs;
  const server = await servers.get(task.serverId);
  const plan = burnInPlan(task.params.burnIn ?? 'short');
  const disks = server.hardware?.disks.length ?? MOST_DISKS;
  const limit = plan ? burnInLimit(plan, disks) : 0;

  const faultsBefore = await run.step('read its event log', () => criticalEvents(needs, task));
  const agent = await bootAgent(run, needs, task, 'validate', server.firmwareMode, limit + hours(3));
  const parts = await compareParts(run, needs, task, server, agent.inspection);
  if (plan) await tellAgent(run, needs, agent, 'burn it in', { do: 'burn_in', ...plan }, limit);
  await refuseNewFaults(run, needs, task, faultsBefore);
  // Only what held: a part that failed is taken out again, and the order still names the one before it.
  if (parts.accept)
    await run.step('accept the replaced parts', () => servers.acceptHardware(task.serverId, agent.inspection, task.operationId));
  await closeAgentTicket(run, needs, agent);

  if (returnsToService(server.assignment, task.params.cameFrom)) return returnToService(run, needs, task, server);
  await run.step('power it off', () => withBmc(task, (bmc) => bmc.setPower('off')));
};

/** Of a server that nobody has counted yet. */
const MOST_DISKS = 64;

function compareParts(
  run: Run,
  { erasures }: Pick<Ports, 'erasures'>,
  task: Task<ValidateParams>,
  server: Server,
  seen: Inspection,
): Promise<Extract<JudgedRepair, { ok: true }>> {
  return run.step('compare its parts', async () => {
    if (server.serial !== null && server.serial !== seen.system.serial)
      throw new Refusal('serial_mismatch', { onFile: server.serial, seen: seen.system.serial, seenBy: 'agent' });
    const disksRemoved = (await erasures.removals(task.serverId)).map(({ serial }) => serial);
    const accepted = server.hardware;
    const replaced = task.params.replaced ?? null;
    const review: JudgedRepair = accepted
      ? judgeRepair({ accepted, seen, replaced, disksRemoved })
      : { ok: true, accept: true, differences: ['its parts were never counted before'] };
    if (!review.ok) throw new Refusal(review.code, review.facts);
    return review;
  });
}

const MOST_REMEMBERED = 256;

/** Null where the BMC keeps no log that we can read: then nothing follows from it. */
async function criticalEvents({ withBmc }: Pick<Ports, 'withBmc'>, task: Task<unknown>): Promise<string[] | null> {
  try {
    const log = await withBmc(task, (bmc) => bmc.eventLog());
    return log.flatMap(({ id, severity }) => (severity === 'critical' ? [id] : [])).slice(-MOST_REMEMBERED);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'bmc_unsupported') return null;
    throw thrown;
  }
}

/** What breaks while it is worked hard stands in its log, also where the test itself saw nothing. */
async function refuseNewFaults(
  run: Run,
  { withBmc }: Pick<Ports, 'withBmc'>,
  task: Task<unknown>,
  before: string[] | null,
): Promise<void> {
  if (before === null) return;
  await run.step('look for new faults in its event log', async () => {
    const known = new Set(before);
    const log = await withBmc(task, (bmc) => bmc.eventLog());
    const fresh = log.slice(-MOST_REMEMBERED).filter(({ id, severity }) => severity === 'critical' && !known.has(id));
    const [first] = fresh;
    if (first) throw new Refusal('fault_in_event_log', { message: first.message, at: first.at, faults: fresh.length });
  });
}
