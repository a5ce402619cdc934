// The hardware event log, wherever this BMC keeps it: below the system or the manager, under a name of its own.
import type { BmcLogEntry } from '@rackwright/domain/bmc.ts';
import type { Conversation } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { link, text } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import { readMembers } from './read-hardware.ts';

const MAX_ENTRIES = 1_000;
// Where the members are links, each entry is a request of its own.
const MAX_SINGLE_ENTRIES = 100;

/** In the BMC's order; empty where it has no log. Throws Fault. */
export async function readEventLog(redfish: Conversation, server: FoundServer): Promise<BmcLogEntry[]> {
  const system = (await redfish.get(server.systemPath)).document;
  const services: RedfishDocument[] = [];
  for (const collection of [link(system, 'LogServices'), link(server.manager, 'LogServices')]) {
    if (collection === undefined) continue;
    for (const member of await readMembers(redfish, collection)) {
      services.push(typeof member === 'string' ? (await redfish.get(member)).document : member);
    }
    if (services.some((each) => rank(each) > 0)) break;
  }
  const [log] = services.toSorted((a, b) => rank(b) - rank(a));
  // XCC leaves Entries out while the log is empty.
  const entries = log === undefined ? undefined : link(log, 'Entries');
  return entries === undefined ? [] : readEntries(redfish, entries);
}

/** The log of the hardware before those of logins and jobs. */
function rank(service: RedfishDocument): number {
  if (text(service, 'LogEntryType') === 'SEL') return 2;
  return /^(sel|iml|log1|eventlog)$/i.test(text(service, 'Id')) ? 1 : 0;
}

async function readEntries(redfish: Conversation, path: string): Promise<BmcLogEntry[]> {
  const entries: RedfishDocument[] = [];
  let single = 0;
  for (const member of await readMembers(redfish, path, MAX_ENTRIES)) {
    if (typeof member !== 'string') entries.push(member);
    else if (single++ < MAX_SINGLE_ENTRIES) entries.push((await redfish.get(member)).document);
  }
  return entries.map(parseLogEntry);
}

export function parseLogEntry(entry: RedfishDocument): BmcLogEntry {
  const at = Date.parse(text(entry, 'Created') || text(entry, 'EventTimestamp'));
  return {
    // Kept as it is told, but in a form that can be kept.
    id: text(entry, 'Id').replaceAll('\0', '').toWellFormed(),
    // Dell sends 0000-00-00T00:00:00 for "I did not know the time".
    at: Number.isFinite(at) ? new Date(at).toISOString() : null,
    severity: severity(text(entry, 'Severity') || text(entry, 'MessageSeverity')),
    message: text(entry, 'Message') || text(entry, 'MessageId'),
  };
}

function severity(word: string): BmcLogEntry['severity'] {
  if (/^critical$/i.test(word)) return 'critical';
  return /^warning$/i.test(word) ? 'warning' : 'ok';
}
