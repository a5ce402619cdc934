// Onboard: from "somebody gave us a BMC" to "a server that can be handed out".
//
// Read downwards. Any step may run twice (we crashed, the BMC timed out), so a step makes sure of something.
// If a later step gives up, undos run from the last one back, the failed step's own included.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { bootAgent, closeAgentTicket } from '../boot-agent/boot-agent.ts';
import type { Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'servers' | 'withBmc' | 'bootTickets' | 'instructions' | 'clock'>;

export const onboardServer: Workflow<Needs, Task<unknown>> = async (run, needs, task) => {
  const { servers, withBmc } = needs;
  const { serverId } = task;
  const server = await servers.get(serverId);

  const identity = await run.step('identify the server by its BMC', () => withBmc(task, (bmc) => bmc.identify()));

  await run.step('refuse a wrong or twin serial', async () => {
    refuseWrongSerial(server, identity.serial, 'BMC');
    const twin = await servers.findTwin(identity.serial, serverId);
    if (twin) throw new Refusal('serial_already_known', { serial: identity.serial, known: twin.name });
  });

  const agent = await bootAgent(run, needs, task, 'inspect', server.firmwareMode);

  await run.step('accept the hardware', async () => {
    refuseWrongSerial(server, agent.inspection.system.serial, 'agent');
    refuseUnknownNics(server, agent.inspection);
    await servers.acceptHardware(serverId, agent.inspection, task.operationId);
  });

  await run.step('power it off', () => withBmc(task, (bmc) => bmc.setPower('off')));
  await closeAgentTicket(run, needs, agent);
};

/** An empty serial from a BMC proves nothing and refuses nothing; the agent's count decides then. */
function refuseWrongSerial(server: Server, seen: string, by: 'BMC' | 'agent'): void {
  if (by === 'BMC' && seen === '') return;
  if (server.serial !== null && server.serial !== seen)
    throw new Refusal('serial_mismatch', { onFile: server.serial, seen, seenBy: by });
}

/** The boot NIC on file answered, so the report could only come from another machine if a NIC were moved: look at all of them. */
function refuseUnknownNics(server: Server, inspection: Inspection): void {
  const seen = new Set(inspection.nics.map((nic) => nic.mac.toLowerCase()));
  const missing = server.nics.filter((nic) => !seen.has(nic.mac.toLowerCase())).map((nic) => nic.mac);
  if (missing.length > 0) throw new Refusal('hardware_changed', { missingNics: missing.join(', ') });
}
