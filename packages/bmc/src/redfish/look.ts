// The one question of the fleet sweep: the system's document holds power, health and serial number together.
import type { BmcHealth, BmcLook } from '@rackwright/domain/bmc.ts';
import type { Conversation } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { part, text } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import { parseIdentity } from './parse-hardware.ts';
import { powerStateOf } from './power.ts';

/** Throws Fault. */
export async function look(redfish: Conversation, server: FoundServer): Promise<BmcLook> {
  const system = (await redfish.get(server.systemPath)).document;
  const { serial } = parseIdentity({ ...server, system }, server.quirks);
  return { power: powerStateOf(system), health: healthOf(system), serial };
}

/** HealthRollup counts the parts in, Health the system alone (DSP0268, Status). BMCs that are starting send null or leave both out. */
export function healthOf(system: RedfishDocument): BmcHealth {
  const status = part(system, 'Status');
  switch (text(status, 'HealthRollup') || text(status, 'Health')) {
    case 'OK':
      return 'ok';
    case 'Warning':
      return 'warning';
    case 'Critical':
      return 'critical';
    default:
      return 'unknown';
  }
}
