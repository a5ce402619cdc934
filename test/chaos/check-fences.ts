// No Node is deleted before its machine was off, and its BMC had said so twice, at least five seconds apart, or a named person had.
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import type { Violation } from './check-history.ts';
import type { History } from './history.ts';

const APART_MS = 5_000;
/** Between the BMC's note of a request and its answer being read lies the network; both clocks are one. */
const ROUNDING_MS = 250;
const SAYS_POWER = /^\/redfish\/v1\/Systems\/1$|^Get Chassis Status$/;

export function checkFences({ deletedNodes, journal, servers, powerWords }: History): Violation[] {
  return deletedNodes.flatMap(({ at, name, serverId }): Violation[] => {
    const broken = (why: string): Violation[] => [
      { rule: 'node_after_fence', server: name, says: `its Node was deleted ${why}` },
    ];
    const server = servers.find(({ id }) => id === serverId) ?? servers.find((one) => one.name.toLowerCase() === name);
    if (!server) return broken('and belongs to no server');
    const before = journal.filter((entry) => entry.server === server.name && entry.at <= at);
    const lastPower = before.findLast((entry) => entry.what === 'power');
    if (lastPower?.power !== 'off') return broken('while its machine was on');
    // Whoever said so saw what is true: the machine was off by then, and is still.
    if (powerWords.some((word) => word.serverId === server.id && word.at >= lastPower.at && word.at <= at)) return [];
    const seenOff = before.filter((entry) => entry.at >= lastPower.at && saysOff(entry));
    const first = seenOff[0];
    const last = seenOff.at(-1);
    if (!first || !last || last.at - first.at < APART_MS - ROUNDING_MS)
      return broken(`after its BMC said off ${seenOff.length} times in ${first && last ? last.at - first.at : 0} ms`);
    return [];
  });
}

function saysOff(entry: JournalEntry): boolean {
  return entry.what === 'asked' && !entry.write && !entry.spoilt && entry.power === 'off' && SAYS_POWER.test(entry.target);
}
