// A discovery: a machine that asked for an address and is on no file, waiting to be accepted or rejected.
import { z } from 'zod';
import { agentInspection } from '../agent-contract.ts';
import { idOf, instant, label, name, reason } from '../fields.ts';
import { newServer } from './server.ts';

const proposal = z.object({
  rackId: idOf('rack'),
  rackName: z.string(),
  uPosition: z.int().nullable(),
  heard: z.object({ nic: z.string(), switch: z.string(), port: z.string() }),
  occupant: z.string().nullable().meta({ description: 'The server that stands there already, by our records.' }),
});

export const discovery = z
  .object({
    kind: z.literal('discovery'),
    mac: z.string().meta({ description: 'Of the NIC that asked.' }),
    networkId: idOf('network').nullable(),
    networkName: z.string().nullable(),
    siteId: idOf('site').nullable(),
    architecture: z.string(),
    vendorClass: z.string(),
    firstSeenAt: instant,
    lastSeenAt: instant,
    sightings: z.int(),
    inspection: agentInspection
      .nullable()
      .meta({ description: 'What the agent counted, where the network runs it on strangers.' }),
    proposal: proposal.nullable().meta({ description: 'Where it probably stands, by what its NICs heard of switches (LLDP).' }),
    knownServer: z
      .object({ id: idOf('server'), name: z.string() })
      .nullable()
      .meta({ description: 'Has this serial already: a NIC was swapped, accept the hardware of that server instead.' }),
    rejected: z.object({ at: instant, by: z.string(), reason: z.string() }).nullable(),
  })
  .meta({ id: 'Discovery' });
export type DiscoveryView = z.infer<typeof discovery>;

const { assetTag, uPosition, uHeight, face, address, bmc, labels } = newServer.shape;

export const acceptDiscovery = z
  .strictObject({
    name,
    serial: label.optional().meta({ description: 'Only for a machine that was not inspected or does not know its serial.' }),
    siteId: idOf('site').optional().meta({ description: 'Unless told, that of the network it was seen on.' }),
    rackId: idOf('rack').nullable().optional().meta({ description: 'Unless told, as proposed.' }),
    uPosition: uPosition.unwrap().optional(),
    networkId: idOf('network').nullable().optional().meta({ description: 'Unless told, the one it was seen on.' }),
    assetTag,
    uHeight,
    face,
    address,
    bmc,
    labels,
  })
  .meta({ id: 'AcceptDiscovery' });
export type AcceptDiscoveryBody = z.infer<typeof acceptDiscovery>;

export const rejectDiscovery = z.strictObject({ reason: reason.default('') }).meta({ id: 'RejectDiscovery' });
