// What a new or changed server must fulfil, beyond the form of its fields: its NICs, its BMC, its place and its address together.
import { hasHostBits, isHostAddress, liesBetween } from '@rackwright/api-contract/addresses.ts';
import { labels, toMac } from '@rackwright/api-contract/fields.ts';
import { type BmcInput, bmcInput } from '@rackwright/api-contract/resources/bmc.ts';
import type { NewServerBody, ServerChangeBody } from '@rackwright/api-contract/resources/server.ts';
import type { BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { sayUnits, topUnit } from '@rackwright/domain/rack-units.ts';
import type { ServerNic } from '@rackwright/domain/server.ts';
import { invalid, RequestInvalid } from '../http/request-invalid.ts';
import { fieldsOf } from '../http/validate.ts';
import type { Inventory } from '../needs.ts';
import type { NewServer, ServerRecord } from '../records.ts';
import { mergeMap, mergeValues, withoutUndefined } from './merge-patch.ts';

export function newServerOf({ nics, bmc, ...fields }: NewServerBody): NewServer {
  return { ...fields, nics: nicsOf(new Map(byMac(nics))), ...bmcColumns(bmc) };
}

/** The merge patch applied to what is on file; only what was sent is changed. */
export function changeOf(current: ServerRecord, patch: ServerChangeBody): Partial<NewServer> {
  const { nics, bmc, labels: labelPatch, ...fields } = patch;
  return {
    ...withoutUndefined(fields),
    ...(nics && {
      nics: nicsOf(mergeMap(new Map(current.nics.map((nic) => [nic.mac, nic])), Object.fromEntries(byMac(nics)), FRESH_NIC)),
    }),
    ...(labelPatch && { labels: mergeLabels(current.labels, labelPatch) }),
    ...(bmc === undefined ? {} : mergeBmc(current, bmc)),
  };
}

const FRESH_NIC = { name: '', boot: false };

function byMac<V>(nics: Record<string, V>): [mac: string, V][] {
  const entries = Object.entries(nics).map(([mac, nic]): [string, V] => [toMac(mac), nic]);
  if (new Set(entries.map(([mac]) => mac)).size < entries.length) throw invalid('/nics', 'the same MAC is written in two ways');
  return entries;
}

function nicsOf(nics: Map<string, { name: string; boot: boolean }>): ServerNic[] {
  const list = [...nics].map(([mac, { name, boot }]) => ({ mac, name, boot }));
  if (list.filter((nic) => nic.boot).length > 1) throw invalid('/nics', 'at most one NIC has boot: true');
  return list;
}

function mergeLabels(current: Record<string, string>, patch: Record<string, string | null>): Record<string, string> {
  const parsed = labels.safeParse(mergeValues(current, patch));
  if (!parsed.success) throw new RequestInvalid(fieldsOf(parsed.error, '/labels'));
  return parsed.data;
}

export function bmcColumns(bmc: BmcInput | null): Pick<NewServer, 'bmc' | 'bmcCredentials'> {
  if (bmc === null) return { bmc: null, bmcCredentials: null };
  const { credentials, ...endpoint } = bmc;
  return { bmc: withoutUndefined(endpoint), bmcCredentials: credentials ?? null };
}

function mergeBmc(current: ServerRecord, patch: NonNullable<ServerChangeBody['bmc']> | null): Partial<NewServer> {
  if (patch === null) return bmcColumns(null);
  const merged = Object.fromEntries(
    Object.entries({ ...current.bmc, ...withoutUndefined(patch) }).filter(([, value]) => value !== null),
  );
  const parsed = bmcInput.safeParse(merged);
  if (!parsed.success) throw new RequestInvalid(fieldsOf(parsed.error, '/bmc'));
  const { bmc, bmcCredentials } = bmcColumns(parsed.data);
  if (bmcCredentials !== null) return { bmc, bmcCredentials };
  // Who may change an address must not thereby have the stored credentials sent to it.
  if (current.hasBmcCredentials && !sameEndpoint(current.bmc, bmc)) throw new Refusal('credentials_required');
  return { bmc };
}

const sameEndpoint = (a: BmcEndpoint | null, b: BmcEndpoint | null): boolean =>
  a?.protocol === b?.protocol &&
  a?.address === b?.address &&
  a?.port === b?.port &&
  JSON.stringify(a?.tls) === JSON.stringify(b?.tls);

type Place = Pick<NewServer, 'siteId' | 'rackId' | 'uPosition' | 'uHeight' | 'enclosureId' | 'slot' | 'networkId' | 'address'>;

export const placeOf = ({ location, networkId, address }: ServerRecord): Place => ({
  siteId: location.siteId,
  rackId: location.rackId,
  uPosition: location.uPosition,
  uHeight: location.uHeight,
  enclosureId: location.enclosure?.id ?? null,
  slot: location.enclosure?.slot ?? null,
  networkId,
  address,
});

/** Is there such a place and such an address? That nobody else has them is the database's to say, in the same transaction. */
export async function refuseImpossiblePlace(
  { racks, networks }: Pick<Inventory, 'racks' | 'networks'>,
  place: Place,
): Promise<void> {
  const { rackId, uPosition, uHeight, networkId, address } = place;
  if ((place.enclosureId ?? null) !== null && (place.slot ?? null) === null)
    throw invalid('/slot', 'a blade needs a slot', 'slot_missing');
  if ((place.enclosureId ?? null) === null && (place.slot ?? null) !== null)
    throw invalid('/slot', 'a slot needs an enclosure', 'enclosure_missing');
  if (uPosition !== null && rackId === null) throw invalid('/uPosition', 'a position needs a rack', 'rack_missing');
  if (rackId !== null) {
    const rack = await racks.get(rackId).catch(asReference);
    if (rack.siteId !== place.siteId) throw new Refusal('rack_in_other_site', { rack: rack.name });
    if (topUnit(uPosition ?? 1, uHeight) > rack.heightU)
      throw new Refusal('rack_position_outside', {
        u: sayUnits(uPosition ?? 1, uHeight),
        rack: rack.name,
        heightU: rack.heightU,
      });
  }
  if (address !== null && networkId === null) throw invalid('/address', 'an address needs a network', 'network_missing');
  if (networkId === null) return;
  const network = await networks.get(networkId).catch(asReference);
  if (network.siteId !== place.siteId) throw new Refusal('rack_in_other_site', { network: network.name });
  if (address === null) return;
  const { cidr, poolFirst, poolLast } = network;
  if (hasHostBits(cidr) || !isHostAddress(cidr, address)) throw new Refusal('address_outside_network', { address, cidr });
  if (poolFirst !== null && poolLast !== null && liesBetween(address, poolFirst, poolLast))
    throw new Refusal('address_in_pool', { address });
}

/** What the path names and is missing is 404; what the body names and is missing is the body's fault. */
export function asReference(error: unknown): never {
  throw error instanceof Refusal && error.code === 'not_found' ? new Refusal('reference_not_found', error.facts) : error;
}
