// The server that a discovery becomes: what a person says of it, and what the agent counted for the rest.
import { label, macKey } from '@rackwright/api-contract/fields.ts';
import type { AcceptDiscoveryBody } from '@rackwright/api-contract/resources/discovery.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerNic } from '@rackwright/domain/server.ts';
import { invalid } from '../http/request-invalid.ts';
import type { DiscoveryRecord, NewServer } from '../records.ts';
import { bmcColumns } from './server-change.ts';

/** Refusals `serial_mismatch`, `rack_position_occupied` (as proposed). Throws RequestInvalid for what neither of them tells. */
export function serverFromDiscovery(found: DiscoveryRecord, body: AcceptDiscoveryBody): NewServer {
  const { bmc, serial: _serial, siteId: toldSite, rackId: _rack, uPosition: _u, networkId: _network, ...told } = body;
  const siteId = toldSite ?? found.siteId;
  if (siteId === null) throw invalid('/siteId', 'it was seen on no network of ours: say where it stands', 'missing');
  const networkId = body.networkId === undefined ? found.networkId : body.networkId;
  return {
    ...told,
    ...placeOf(found, body),
    serial: serialOf(found, body.serial),
    siteId,
    networkId,
    firmwareMode: found.inspection?.firmwareMode ?? (found.architecture.includes('bios') ? 'bios' : 'uefi'),
    nics: nicsOf(found),
    ...bmcColumns(bmc),
  };
}

function serialOf({ inspection }: DiscoveryRecord, told: string | undefined): string {
  const counted = inspection?.system.serial ?? '';
  if (told !== undefined && counted !== '' && told !== counted)
    throw new Refusal('serial_mismatch', { onFile: told, seen: counted, seenBy: 'agent' });
  const parsed = label.safeParse(told ?? counted);
  if (parsed.success) return parsed.data;
  throw invalid('/serial', 'the machine did not tell its serial: read it from the label', 'missing');
}

/** A rack that is told without a unit is one without a unit; the proposal is taken whole or not at all. */
function placeOf({ proposal }: DiscoveryRecord, { rackId, uPosition, face }: AcceptDiscoveryBody) {
  if (rackId !== undefined) return { rackId, uPosition: uPosition ?? null };
  if (proposal === null) return { rackId: null, uPosition: uPosition ?? null };
  const u = uPosition === undefined ? proposal.uPosition : uPosition;
  if (uPosition === undefined && u !== null && proposal.occupant !== null && face === 'front')
    throw new Refusal('rack_position_occupied', { u, face, rack: proposal.rackName, occupant: proposal.occupant });
  return { rackId: proposal.rackId, uPosition: u };
}

/** The one that asked boots; InfiniBand's longer addresses ask for nothing. */
function nicsOf({ mac, inspection }: DiscoveryRecord): ServerNic[] {
  const counted = (inspection?.nics ?? []).filter((nic) => macKey.safeParse(nic.mac).success);
  const nics = counted.map((nic) => ({ mac: nic.mac, name: nic.name.slice(0, 32), boot: nic.mac === mac }));
  return nics.some(({ boot }) => boot) ? nics : [{ mac, name: '', boot: true }, ...nics];
}
