// Collects the documents of an inventory: one request after the other, a part that fails becomes a warning.
import type { BmcHardware, BmcIdentity } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { asDocument, link, links, list, number, part, text } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import { parseHardware, parseIdentity } from './parse-hardware.ts';

const MAX_PAGES = 20;
const MAX_MEMBERS = 256;

export async function readIdentity(redfish: Conversation, server: FoundServer): Promise<BmcIdentity> {
  const system = (await redfish.get(server.systemPath)).document;
  return parseIdentity({ ...server, system }, server.quirks);
}

export async function readHardware(redfish: Conversation, server: FoundServer): Promise<BmcHardware> {
  const system = (await redfish.get(server.systemPath)).document;
  const warnings: string[] = [];
  let busyParts = 0;
  // A BMC that refuses us or never answers would only waste its time and ours on the remaining parts. One part may stay busy
  // (iDRAC's SYS518 while its sources start), two mean that the BMC is.
  const tolerate = async <T>(what: string, reading: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await reading();
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'bmc_auth_failed' || error.code === 'bmc_unreachable') throw error;
      if (error.code === 'bmc_busy' && ++busyParts > 1) throw error;
      warnings.push(`${what} could not be read: ${error.code}`);
      return [];
    }
  };
  const collection = (name: string) => tolerate(name, () => readLinked(redfish, system, name, tolerate));
  const counted = (number(part(system, 'ProcessorSummary'), 'Count') ?? 0) > 0;
  const summed = (number(part(system, 'MemorySummary'), 'TotalSystemMemoryGiB') ?? 0) > 0;

  const processors = counted ? [] : await collection('Processors');
  const memory = summed ? [] : await collection('Memory');
  const nics = await collection('EthernetInterfaces');
  const drives: RedfishDocument[] = [];
  for (const storage of await collection('Storage')) {
    for (const path of links(storage, 'Drives')) {
      drives.push(...(await tolerate(path, async () => [(await redfish.get(path)).document])));
    }
  }
  if (drives.length === 0) drives.push(...(await collection('SimpleStorage')).flatMap(simpleDevices));
  return parseHardware({ ...server, system, processors, memory, nics, drives, warnings }, server.quirks);
}

type Tolerate = <T>(what: string, reading: () => Promise<T[]>) => Promise<T[]>;

async function readLinked(redfish: Conversation, system: RedfishDocument, name: string, tolerate: Tolerate) {
  const path = link(system, name);
  // UCS C845A has no EthernetInterfaces at all: nothing to warn of that the empty list does not say.
  if (path === undefined) return [];
  const documents: RedfishDocument[] = [];
  for (const member of await readMembers(redfish, path)) {
    if (typeof member === 'string')
      documents.push(...(await tolerate(member, async () => [(await redfish.get(member)).document])));
    else documents.push(member);
  }
  return documents;
}

/** The members of a collection over all its pages: links, or whole documents where the BMC puts them in unasked. */
export async function readMembers(
  redfish: Conversation,
  path: string,
  most = MAX_MEMBERS,
): Promise<(string | RedfishDocument)[]> {
  const members: (string | RedfishDocument)[] = [];
  let next: string | undefined = path;
  for (let pages = 0; next !== undefined && pages < MAX_PAGES && members.length < most; pages += 1) {
    const page: RedfishDocument = (await redfish.get(next)).document;
    for (const member of list(page, 'Members').map(asDocument)) {
      const at = text(member, '@odata.id');
      if (Object.keys(member).length > 1) members.push(member);
      else if (at !== '') members.push(at);
    }
    next = text(page, 'Members@odata.nextLink') || undefined;
  }
  return members.slice(0, most);
}

/** SimpleStorage knows no serial numbers (they stay empty, with a warning) and lists what is absent too. */
function simpleDevices(storage: RedfishDocument): RedfishDocument[] {
  return list(storage, 'Devices').map(asDocument);
}
