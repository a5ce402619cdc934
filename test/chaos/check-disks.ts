// No disk is written or erased but by an instruction that names it, under the token of the ticket that the instruction belongs to.
import { createHash } from 'node:crypto';
import type { Violation } from './check-history.ts';
import type { History, InstructionDeed } from './history.ts';

/** An agent may have asked just before its ticket was closed. */
const UNDER_WAY_MS = 10_000;

export function checkDisks({ journal, instructions, tickets, servers }: History): Violation[] {
  const instructionOf = new Map(instructions.map((one) => [one.id, one]));
  const ticketOf = new Map(tickets.map((one) => [one.id, one]));
  const idOf = new Map(servers.map(({ id, name }) => [name, id]));
  return journal.flatMap((entry): Violation[] => {
    if (entry.what !== 'disk') return [];
    const { server, serial, deed, at } = entry;
    const broken = (why: string): Violation[] => [
      { rule: 'disk_by_instruction', server, says: `${deed} of ${serial} by ${entry.instructionId}: ${why}` },
    ];
    const instruction = instructionOf.get(entry.instructionId);
    if (!instruction) return broken('there is no such instruction');
    const ticket = ticketOf.get(instruction.ticketId);
    if (!ticket) return broken('its ticket is not on file');
    if (ticket.tokenHash !== createHash('sha256').update(entry.token).digest('hex'))
      return broken('under the token of another ticket');
    if (ticket.serverId !== idOf.get(server)) return broken(`its ticket is for ${ticket.serverId}`);
    if (!allows(instruction.deed, deed, serial)) return broken(`it says ${JSON.stringify(instruction.deed)}`);
    if (at < instruction.givenAt) return broken('before it was given');
    if (ticket.closedAt !== null && at > ticket.closedAt + UNDER_WAY_MS) return broken('after its ticket was closed');
    return [];
  });
}

function allows(told: InstructionDeed, deed: 'write' | 'erase', serial: string): boolean {
  if (deed === 'write') return told.do === 'write_image' && 'diskSerial' in told && told.diskSerial === serial;
  return told.do === 'erase_disks' && 'diskSerials' in told && told.diskSerials.includes(serial);
}
