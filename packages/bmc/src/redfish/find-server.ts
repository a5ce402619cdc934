// Finds the one server, its manager and its chassis by following links: no path of any vendor is built here.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation, Resource } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { link, links, part, text } from './documents.ts';
import { vendorOf } from './parse-hardware.ts';
import type { QuirkTraits } from './quirks.ts';
import { quirksFor } from './quirks.ts';

export type FoundServer = {
  root: RedfishDocument;
  systemPath: string;
  chassisPath: string | undefined;
  manager: RedfishDocument;
  quirks: QuirkTraits;
};

export async function findServer(redfish: Conversation, root: RedfishDocument): Promise<FoundServer> {
  const system = await findSystem(redfish, root);
  const manager = await findManager(redfish, root, system.document);
  return {
    root,
    systemPath: system.path,
    chassisPath: links(part(system.document, 'Links'), 'Chassis')[0],
    manager,
    quirks: quirksFor({
      vendor: vendorOf(root, system.document),
      managerModel: text(manager, 'Model'),
      redfishVersion: text(root, 'RedfishVersion'),
    }),
  };
}

async function findSystem(redfish: Conversation, root: RedfishDocument): Promise<Resource> {
  const collection = link(root, 'Systems');
  // Some roots grow their links only once the BMC has come up whole.
  if (collection === undefined) throw notReady(redfish, 'the service root names no systems yet');
  const members = links((await redfish.get(collection)).document, 'Members');
  const systems: Resource[] = [];
  for (const path of members.slice(0, MAX_SYSTEMS)) systems.push(await redfish.get(path));
  const [best] = systems.toSorted((a, b) => serverLikeness(b.document) - serverLikeness(a.document));
  if (best === undefined) throw notReady(redfish, 'the BMC lists no system');
  return best;
}

const MAX_SYSTEMS = 8;

/** DGX lists its GPU board as a system, Gigabyte one called Capabilities: the server is what can be booted and reset. */
function serverLikeness(system: RedfishDocument): number {
  const can = [part(system, 'Boot'), part(system, 'Actions', '#ComputerSystem.Reset'), part(system, 'ProcessorSummary')];
  const physical = text(system, 'SystemType') === 'Physical' ? 1 : 0;
  return can.filter((each) => Object.keys(each).length > 0).length * 2 + physical;
}

/** Empty where there is none to read: a server can be steered without knowing its BMC's model. */
async function findManager(redfish: Conversation, root: RedfishDocument, system: RedfishDocument): Promise<RedfishDocument> {
  try {
    // Huawei 1288H has managers and does not link to them.
    const path = links(part(system, 'Links'), 'ManagedBy')[0] ?? (await firstMember(redfish, link(root, 'Managers')));
    return path === undefined ? {} : (await redfish.get(path)).document;
  } catch (error) {
    if (error instanceof Fault && error.code === 'bmc_unsupported') return {};
    throw error;
  }
}

async function firstMember(redfish: Conversation, collection: string | undefined): Promise<string | undefined> {
  return collection === undefined ? undefined : links((await redfish.get(collection)).document, 'Members')[0];
}

function notReady(redfish: Conversation, cause: string): Fault {
  return new Fault({ code: 'bmc_busy', doing: redfish.doing, retry: 'later', cause });
}
