// The light that tells the person in the aisle which server is meant.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation, Resource } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { text } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import type { QuirkTraits } from './quirks.ts';
import { writeAndVerify } from './wait-until.ts';

type Led = { resource: Resource; property: 'LocationIndicatorActive' | 'IndicatorLED' };

export async function readIdentifyLed(redfish: Conversation, server: FoundServer): Promise<boolean> {
  const { resource, property } = await findLed(redfish, server);
  return isLit(resource.document, property, server.quirks);
}

export async function setIdentifyLed(redfish: Conversation, server: FoundServer, lit: boolean): Promise<void> {
  const { resource, property } = await findLed(redfish, server);
  if (isLit(resource.document, property, server.quirks) === lit) return;
  const words = server.quirks.ledValues ?? { lit: 'Lit', dark: 'Off' };
  const value = property === 'LocationIndicatorActive' ? lit : lit ? words.lit : words.dark;
  await writeAndVerify(redfish, () => redfish.patch(resource, { [property]: value }), {
    within: redfish.timings.settle,
    read: async () => isLit((await redfish.get(resource.path)).document, property, server.quirks),
    so: (seen) => seen === lit,
    saying: (last) => `the BMC accepted ${property} ${value} and the light reads ${last}`,
  });
}

/** The system's light, else the chassis's; the new property before the one it replaces. */
async function findLed(redfish: Conversation, server: FoundServer): Promise<Led> {
  for (const path of [server.systemPath, server.chassisPath]) {
    if (path === undefined) continue;
    const resource = await redfish.get(path);
    if (typeof resource.document['LocationIndicatorActive'] === 'boolean')
      return { resource, property: 'LocationIndicatorActive' };
    if (text(resource.document, 'IndicatorLED') !== '') return { resource, property: 'IndicatorLED' };
  }
  throw new Fault({ code: 'bmc_unsupported', doing: redfish.doing, retry: 'never', cause: 'no identify light is shown' });
}

function isLit(document: RedfishDocument, property: Led['property'], { ledValues }: QuirkTraits): boolean {
  if (property === 'LocationIndicatorActive') return document[property] === true;
  const word = text(document, property);
  return ledValues ? word === ledValues.lit : word === 'Lit' || word === 'Blinking';
}
