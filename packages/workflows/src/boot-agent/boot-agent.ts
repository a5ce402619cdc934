// Running the install agent on a server: the part that onboard, provision and release share.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { TicketId } from '@rackwright/domain/ids.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { Bmc, InstructionDeed, InstructionResult, Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'bootTickets' | 'withBmc' | 'clock' | 'instructions'>;

/** The agent runs and has counted the parts; the ticket stays open until `closeAgentTicket`. */
export type RunningAgent = { ticketId: TicketId; inspection: Inspection };

/** What provisioning may need at most, in milliseconds. */
const TICKET_LASTS = minutes(180);

/**
 * Opens a ticket, boots from the network, waits for the count. Gives up with the machine off and the ticket closed.
 * @param ticketLasts  milliseconds; longer than all that the agent is told: without its ticket it cannot say that it is done
 */
export async function bootAgent(
  run: Run,
  needs: Needs,
  task: Task<unknown>,
  purpose: string,
  mode: FirmwareMode,
  ticketLasts = TICKET_LASTS,
): Promise<RunningAgent> {
  const { bootTickets, clock } = needs;
  const { serverId, operationId } = task;

  // Without a ticket the boot services ignore the server: it falls through to its disk and we wait for a report that cannot come.
  const ticketId = await run.step(
    'open a boot ticket',
    () => bootTickets.open(serverId, operationId, purpose, new Date(clock.now() + ticketLasts).toISOString()),
    {
      undo: async () =>
        bootTickets.close(await bootTickets.open(serverId, operationId, purpose, new Date(clock.now()).toISOString())),
    },
  );

  await run.until(
    'wait for the boot services',
    async () => {
      const knowledge = await bootTickets.knowledge(ticketId);
      return knowledge === 'known'
        ? { known: true }
        : new NotYet(knowledge === 'behind' ? 'boot_services_behind' : 'no_boot_service');
    },
    // A machine that asks before they know it is sent to its disk, and we would wait for a report that cannot come.
    {
      within: minutes(5),
      // A boot service that learns of the ticket wakes us. This is for a wake-up that was lost and for one that died: hundreds that look
      // every few seconds keep the services busy that they wait for.
      every: seconds(30),
      waitingFor: { code: 'boot_services_behind', unblockedBy: 'a boot service following the events' },
    },
  );
  const inspection = await bootUntilInspected(run, needs, task, ticketId, mode);
  return { ticketId, inspection };
}

const TRIES = 3;
/** Large machines take minutes to count their memory before they ask anybody anything. */
const PATIENCE = minutes(8);

/** BMCs forget overrides, packets get lost, firmware hangs: a boot that brings no report is tried again, three times in all. */
async function bootUntilInspected(
  run: Run,
  needs: Needs,
  task: Task<unknown>,
  ticketId: TicketId,
  mode: FirmwareMode,
): Promise<Inspection> {
  const { withBmc, bootTickets, clock } = needs;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const again = attempt === 1 ? '' : `, try ${attempt}`;
    const bootedAt = await run.step(
      `boot the agent from the network${again}`,
      async () => {
        await withBmc(task, (bmc) => restartFrom(bmc, 'network', mode));
        return clock.now();
      },
      { undo: () => withBmc(task, (bmc) => bmc.setPower('off')) },
    );
    const seen = await run.until<{ inspection: Inspection | null }>(
      `wait for the agent${again}`,
      async () => {
        const inspection = await bootTickets.inspection(ticketId);
        if (inspection) return { inspection };
        return clock.now() - bootedAt >= PATIENCE ? { inspection: null } : undefined;
      },
      {
        within: PATIENCE + minutes(5),
        every: seconds(60),
        waitingFor: {
          code: 'agent_report',
          facts: { attempt, of: TRIES },
          unblockedBy: 'the agent reporting from the server; look at its console, cabling and DHCP',
        },
      },
    );
    if (seen.inspection) return seen.inspection;
  }
  const doing = `boot the agent ${TRIES} times`;
  throw new Fault({ code: 'agent_silent', doing, retry: 'never', facts: { tries: TRIES, waitedFor: 'agent_report' } });
}

/** Tells the agent one thing and waits for what came of it, also when it refused or failed. */
export async function askAgent(
  run: Run,
  { instructions }: Pick<Ports, 'instructions'>,
  agent: Pick<RunningAgent, 'ticketId'>,
  name: string,
  deed: InstructionDeed,
  within: number,
): Promise<InstructionResult> {
  const id = await run.step(`tell the agent to ${name}`, () => instructions.give(agent.ticketId, name, deed), {
    undo: async () => instructions.withdraw(await instructions.give(agent.ticketId, name, deed)),
  });
  return run.until<InstructionResult>(
    `wait for the agent to ${name}`,
    async () => {
      const seen = await instructions.result(id);
      return 'outcome' in seen ? seen : new NotYet('agent_working', { on: name, progress: seen.progress });
    },
    { within, every: seconds(60), waitingFor: { code: 'agent_working', unblockedBy: `the agent finishing to ${name}` } },
  );
}

/** As `askAgent`, and a Fault of the agent's own code when it was not done. */
export async function tellAgent(...asked: Parameters<typeof askAgent>): Promise<InstructionResult> {
  const result = await askAgent(...asked);
  const [, , , name] = asked;
  if (result.outcome !== 'done') throw agentFault(name, result);
  return result;
}

export function agentFault(name: string, { code, detail, outcome }: InstructionResult): Fault {
  return new Fault({ code, doing: `${name} (agent: ${detail})`, retry: 'never', facts: { outcome } });
}

export async function closeAgentTicket(
  run: Run,
  { bootTickets }: Pick<Ports, 'bootTickets'>,
  agent: RunningAgent,
): Promise<void> {
  await run.step('close the boot ticket', () => bootTickets.close(agent.ticketId));
}

/** The order matters: the one-time boot must be set before the restart that it is meant for. */
export async function restartFrom(bmc: Bmc, device: 'network' | 'disk', mode: FirmwareMode): Promise<void> {
  await bmc.bootOnce(device, mode);
  // A running machine is rebooted, which rests between off and on: power supplies want to drain.
  await bmc.setPower((await bmc.power()) === 'off' ? 'on' : 'reboot');
}
