// From its installation until it is released only one disk of a server is written, however often; erasing is for those who take it out.
import type { Violation } from './check-history.ts';
import type { History } from './history.ts';

const ERASING = new Set(['release-server', 'retire-server']);
const WRITING = new Set(['provision-server', 'reimage-server']);

export function checkDataDisks({ journal, instructions, tickets, operations }: History): Violation[] {
  const ticketOf = new Map(tickets.map((one) => [one.id, one]));
  const typeOf = new Map(operations.map(({ id, type }) => [id, type]));
  const operationOf = new Map(instructions.map(({ id, ticketId }) => [id, ticketOf.get(ticketId)?.operationId ?? '']));
  const installedOn = new Map<string, string>();
  const wrong: Violation[] = [];
  for (const entry of journal) {
    if (entry.what !== 'disk') continue;
    const { server, serial, deed, instructionId } = entry;
    const type = typeOf.get(operationOf.get(instructionId) ?? '') ?? 'nobody';
    const say = (why: string): void =>
      void wrong.push({ rule: 'data_disks_kept', server, says: `${deed} of ${serial} by ${type}: ${why}` });
    if (!(deed === 'erase' ? ERASING : WRITING).has(type)) say('not what this operation is for');
    if (deed === 'erase') {
      installedOn.delete(server);
      continue;
    }
    const root = installedOn.get(server);
    if (root === undefined && type === 'reimage-server') say('nothing was installed');
    if (root !== undefined && root !== serial) say(`its system is on ${root}`);
    installedOn.set(server, serial);
  }
  return wrong;
}
