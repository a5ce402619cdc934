// Writing an image onto the one disk that was planned, with the agent, and starting the machine from it.
import { minutes } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { compareInspections } from '@rackwright/domain/hardware/inspection.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { bootAgent, closeAgentTicket, restartFrom, tellAgent, type RunningAgent } from '../boot-agent/boot-agent.ts';
import type { Ports, Task } from '../ports.ts';
import { nodeLabels } from '../provision-server/node-labels.ts';
import type { Installation } from './install-plan.ts';

type Needs = Pick<Ports, 'bootTickets' | 'instructions' | 'withBmc' | 'clock'>;

const WRITING = 'write the image';

/** Until the agent is told to write, nothing has happened to any disk. */
export function writingBegan(steps: readonly Pick<StepRecord, 'name'>[]): boolean {
  return steps.some((step) => step.name === `tell the agent to ${WRITING}`);
}

/** Refusal `hardware_changed` when the machine is not the one that was accepted; then no disk is touched. */
export async function writeSystem(run: Run, needs: Needs, task: Task<unknown>, installation: Installation): Promise<void> {
  const { server, plan, clusterId } = installation;
  const agent = await bootAgent(run, needs, task, 'install', server.firmwareMode);
  await run.step('compare the hardware', async () => refuseChangedHardware(server, agent));

  await tellAgent(
    run,
    needs,
    agent,
    WRITING,
    {
      do: 'write_image',
      diskSerial: plan.rootDiskSerial,
      imageDigest: plan.imageDigest,
      rootPartition: plan.rootPartition,
      seedPartition: plan.seedPartition,
      seed: {
        hostname: plan.nodeName,
        clusterId,
        nodeLabels: nodeLabels(server, installation.nodeLabels),
        bootstrapTokenFor: task.operationId,
      },
    },
    minutes(45),
  );
  // Closed before the restart: from here on the boot services say "boot your disk".
  await closeAgentTicket(run, needs, agent);

  await run.step('boot the installed disk', () => needs.withBmc(task, (bmc) => restartFrom(bmc, 'disk', server.firmwareMode)), {
    undo: () => needs.withBmc(task, (bmc) => bmc.setPower('off')),
  });
}

function refuseChangedHardware(server: Server, agent: RunningAgent): void {
  if (!server.hardware) throw new Refusal('hardware_not_accepted', { server: server.name });
  const differences = compareInspections(server.hardware, agent.inspection);
  if (differences.length > 0) throw new Refusal('hardware_changed', { differences: differences.map((d) => d.what).join('; ') });
}
