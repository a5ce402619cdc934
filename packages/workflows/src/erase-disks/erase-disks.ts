// Erasing every accepted disk of a server with the agent, and keeping the evidence; the machine is off afterwards.
import { hours } from '@rackwright/domain/durations.ts';
import { disksNotErased, erasureLimit } from '@rackwright/domain/erasure.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import { askAgent, agentFault, bootAgent, closeAgentTicket } from '../boot-agent/boot-agent.ts';
import type { Ports, Task } from '../ports.ts';
import { readErasureEvidence } from './read-erasure-evidence.ts';

type Needs = Pick<Ports, 'bootTickets' | 'instructions' | 'withBmc' | 'clock' | 'erasures'>;

const ERASE = 'erase the disks';

/** Refusals `hardware_not_accepted`; `disks_not_erased` when the evidence does not cover each accepted disk. */
export async function eraseDisks(run: Run, needs: Needs, task: Task<unknown>, server: Server): Promise<void> {
  const { erasures, withBmc } = needs;
  const { serverId, operationId } = task;
  const accepted = server.hardware;
  if (!accepted) throw new Refusal('hardware_not_accepted', { server: server.name });
  const limit = erasureLimit(accepted);
  const agent = await bootAgent(run, needs, task, 'erase', server.firmwareMode, limit + hours(1));
  const diskSerials = accepted.disks.map((disk) => disk.serial);
  const result = await askAgent(run, needs, agent, ERASE, { do: 'erase_disks', diskSerials }, limit);

  await run.step('record the erasures', async () => {
    const evidence = readErasureEvidence(result.evidence);
    // Also of what failed: which disk was erased and which was not is worth as much then.
    await erasures.record(serverId, operationId, evidence);
    if (result.outcome !== 'done') throw agentFault(ERASE, result);
    const missing = disksNotErased(accepted, evidence);
    if (missing.length > 0) throw new Refusal('disks_not_erased', { serials: missing.join(', ') });
  });
  await run.step('power it off', () => withBmc(task, (bmc) => bmc.setPower('off')));
  await closeAgentTicket(run, needs, agent);
}
