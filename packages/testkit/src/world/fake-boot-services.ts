// Tickets and instructions in memory; the fake agent obeys as soon as its result is asked for.
import type { InstructionId, TicketId } from '@rackwright/domain/ids.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { obey } from './fake-machine.ts';
import type { Ticket, World } from './world.ts';

export function fakeBootServices(world: World): Pick<Ports, 'bootTickets' | 'instructions'> {
  const ticketOf = (id: TicketId): Ticket => {
    const ticket = world.tickets.find((t) => t.id === id);
    if (!ticket) throw new Error(`no ticket ${id}`);
    return ticket;
  };
  const all = () => world.tickets.flatMap((ticket) => ticket.instructions.map((instruction) => ({ ticket, instruction })));
  const find = (id: InstructionId) => {
    const found = all().find(({ instruction }) => instruction.id === id);
    if (!found) throw new Error(`no instruction ${id}`);
    return found;
  };
  return {
    bootTickets: {
      async open(serverId, operationId, purpose) {
        const key = `${serverId} ${operationId} ${purpose}`;
        const known = world.tickets.find((ticket) => ticket.key === key);
        if (known) return known.id;
        const id: TicketId = `tkt_${world.tickets.length}`;
        world.tickets.push({ id, key, open: true, inspection: undefined, instructions: [] });
        return id;
      },
      knowledge: async () => 'known',
      close: async (id) => void (ticketOf(id).open = false),
      inspection: async (id) => ticketOf(id).inspection,
    },
    instructions: {
      async give(ticketId, name, deed) {
        const ticket = ticketOf(ticketId);
        const known = ticket.instructions.find((instruction) => instruction.name === name);
        if (known) return known.id;
        const id: InstructionId = `ins_${ticketId}_${ticket.instructions.length}`;
        ticket.instructions.push({ id, name, deed, result: undefined, withdrawn: false });
        return id;
      },
      async result(id) {
        const { ticket, instruction } = find(id);
        if (!instruction.withdrawn) instruction.result ??= obey(world, ticket, instruction.deed);
        return instruction.result ?? { progress: 'withdrawn' };
      },
      withdraw: async (id) => void (find(id).instruction.withdrawn = true),
    },
  };
}
