// One row of an import laid over what is on file: what the server will be, what that changes, and which cells cannot hold.
import { hasHostBits, isHostAddress, liesBetween } from '@rackwright/api-contract/addresses.ts';
import { sayDetail } from '@rackwright/api-contract/errors.ts';
import type { CellError, ServerRow } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { BmcEndpoint } from '@rackwright/domain/bmc.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { SiteId } from '@rackwright/domain/ids.ts';
import { topUnit } from '@rackwright/domain/rack-units.ts';
import type { ServerNic } from '@rackwright/domain/server.ts';
import type { NewServer } from '../servers/insert-servers.ts';
import { BOOT_MEMBERS } from '../servers/change-server.ts';
import type { NetworkOnFile, OnFile, ServerOnFile } from './read-on-file.ts';

export type PlannedRow = {
  row: ServerRow;
  /** Absent when the server is new. */
  before: ServerOnFile | undefined;
  /** `bmcCredentials` are those told, else those on file. */
  after: NewServer;
  changed: (keyof NewServer)[];
};

/** Member of a server → the column that tells it. */
export const COLUMN_OF: Record<keyof NewServer, string> = {
  name: 'name',
  assetTag: 'asset_tag',
  serial: 'serial',
  siteId: 'site',
  rackId: 'rack',
  uPosition: 'u_position',
  uHeight: 'u_height',
  face: 'face',
  enclosureId: 'rack',
  slot: 'rack',
  firmwareMode: 'firmware_mode',
  nics: 'mac_1',
  networkId: 'network',
  address: 'address',
  bmc: 'bmc_address',
  bmcCredentials: 'bmc_password',
  labels: 'label',
};

type Complain = (member: keyof NewServer, code: string, facts?: Facts, message?: string) => void;

/** Undefined when a cell cannot hold; `errors` then says which. */
export function planRow(row: ServerRow, onFile: OnFile, errors: CellError[]): PlannedRow | undefined {
  const found: CellError[] = [];
  const complain: Complain = (member, code, facts = {}, message = sayDetail(code, facts)) =>
    void found.push({ row: row.row, column: COLUMN_OF[member], code, message });
  const before = onFile.servers.get(row.serial);
  const siteId = siteOf(row, before, onFile, complain);
  if (row.name === undefined && !before) complain('name', 'missing', {}, 'Required for a new server.');
  const planned = siteId && plan(row, before, siteId, onFile, complain);
  errors.push(...found);
  return found.length === 0 ? planned : undefined;
}

function plan(row: ServerRow, before: ServerOnFile | undefined, siteId: SiteId, onFile: OnFile, complain: Complain): PlannedRow {
  const bmc = row.bmc === undefined ? (before?.bmc ?? null) : withKnownTls(row.bmc, before?.bmc);
  const after: NewServer = {
    name: row.name ?? before?.name ?? '',
    serial: row.serial,
    assetTag: row.assetTag ?? before?.assetTag ?? null,
    siteId,
    ...placeOf(row, before, siteId, onFile, complain),
    face: row.face ?? before?.face ?? 'front',
    ...(before && { enclosureId: before.enclosureId, slot: before.slot }),
    firmwareMode: row.firmwareMode ?? before?.firmwareMode ?? 'uefi',
    nics: nicsOf(row, before?.nics ?? []),
    ...addressOf(row, before, siteId, onFile, complain),
    bmc,
    bmcCredentials: row.bmcCredentials ?? before?.credentials ?? null,
    labels: { ...before?.labels, ...row.labels },
  };
  const changed = before ? membersThatDiffer(before, after) : [];
  // Who may change an address must not thereby have the stored credentials sent to it.
  if (changed.includes('bmc') && before?.credentials && row.bmcCredentials === undefined) complain('bmc', 'credentials_required');
  const held = changed.find((member) => (BOOT_MEMBERS as readonly string[]).includes(member));
  if (before?.currentOperationId && held) complain(held, 'operation_in_progress', { operationId: before.currentOperationId });
  return { row, before, after, changed };
}

function siteOf(row: ServerRow, before: ServerOnFile | undefined, { sites }: OnFile, complain: Complain): SiteId | undefined {
  if (row.site === undefined && before) return before.siteId;
  const [only] = sites;
  if (row.site === undefined && sites.length === 1 && only) return only.id;
  if (row.site === undefined) {
    complain('siteId', 'missing', {}, 'Required for a new server, as there is more than one site, or none.');
    return undefined;
  }
  const named = sites.find(({ name }) => name === row.site);
  if (!named) complain('siteId', 'reference_not_found', { kind: 'site', id: row.site });
  return named?.id;
}

function placeOf(
  row: ServerRow,
  before: ServerOnFile | undefined,
  siteId: SiteId,
  { racks }: OnFile,
  complain: Complain,
): Pick<NewServer, 'rackId' | 'uPosition' | 'uHeight'> {
  const uPosition = row.uPosition ?? before?.uPosition ?? null;
  const uHeight = row.uHeight ?? before?.uHeight ?? 1;
  const rack =
    row.rack === undefined
      ? racks.find(({ id }) => id === before?.rackId)
      : racks.find(({ name, siteId: site }) => name === row.rack && site === siteId);
  if (row.rack !== undefined && !rack) complain('rackId', 'reference_not_found', { kind: 'rack', id: row.rack });
  else if (rack && rack.siteId !== siteId) complain('rackId', 'rack_in_other_site', { rack: rack.name });
  else if (!rack && uPosition !== null) complain('uPosition', 'rack_missing', {}, 'A position needs a rack.');
  else if (before?.enclosureId && (uPosition !== null || rack?.id !== before.rackId))
    complain('rackId', 'server_in_enclosure', { enclosure: before.enclosureName ?? '', slot: before.slot ?? 0 });
  else if (rack && topUnit(uPosition ?? 1, uHeight) > rack.heightU) {
    const u = topUnit(uPosition ?? 1, uHeight);
    complain('uPosition', 'rack_position_outside', { u, rack: rack.name, heightU: rack.heightU });
  }
  return { rackId: rack?.id ?? null, uPosition, uHeight };
}

function addressOf(
  row: ServerRow,
  before: ServerOnFile | undefined,
  siteId: SiteId,
  onFile: OnFile,
  complain: Complain,
): Pick<NewServer, 'networkId' | 'address'> {
  const network = networkOf(row, before, siteId, onFile);
  if (row.network !== undefined && !network) complain('networkId', 'reference_not_found', { kind: 'network', id: row.network });
  else if (network && network.siteId !== siteId) complain('networkId', 'rack_in_other_site', { network: network.name });
  else if (row.address !== undefined && !network) complain('address', 'network_missing', {}, 'An address needs a network.');
  // Another network means another address: the one told, or the next free one there.
  const stays = network !== undefined && network.id === before?.networkId;
  const address = row.address ?? (stays ? (before?.address ?? null) : null);
  if (row.address !== undefined && row.address !== before?.address && network) refuseAddress(row.address, network, complain);
  return { networkId: network?.id ?? null, address };
}

function networkOf(
  row: ServerRow,
  before: ServerOnFile | undefined,
  siteId: SiteId,
  { networks }: OnFile,
): NetworkOnFile | undefined {
  const here = networks.filter((network) => network.siteId === siteId);
  if (row.network !== undefined) return here.find(({ name }) => name === row.network);
  if (before?.networkId) return networks.find(({ id }) => id === before.networkId);
  // A server on file without a network was left so on purpose, unless it is told an address.
  if (before && row.address === undefined) return undefined;
  return here.length === 1 ? here[0] : undefined;
}

function refuseAddress(address: string, { cidr, poolFirst, poolLast }: NetworkOnFile, complain: Complain): void {
  if (hasHostBits(cidr) || !isHostAddress(cidr, address)) complain('address', 'address_outside_network', { address, cidr });
  else if (poolFirst !== null && poolLast !== null && liesBetween(address, poolFirst, poolLast))
    complain('address', 'address_in_pool', { address });
}

/** MACs that are told are all of them. The one that boots: as told, else as on file if it is still there, else the first. */
function nicsOf({ macs, bootMac }: ServerRow, before: ServerNic[]): ServerNic[] {
  if (macs.length === 0) return before;
  const known = before.find(({ boot, mac }) => boot && macs.includes(mac))?.mac;
  const boots = bootMac ?? known ?? macs[0];
  return macs
    .map((mac) => ({ mac, name: before.find((nic) => nic.mac === mac)?.name ?? '', boot: mac === boots }))
    .toSorted((a, b) => (a.mac < b.mac ? -1 : 1));
}

function withKnownTls(told: BmcEndpoint, known: BmcEndpoint | null | undefined): BmcEndpoint {
  return told.protocol === 'redfish' && known?.protocol === 'redfish' && known.tls ? { ...told, tls: known.tls } : told;
}

function membersThatDiffer(
  { credentials, enclosureName: _named, ...before }: ServerOnFile,
  after: NewServer,
): (keyof NewServer)[] {
  const known: NewServer = { ...before, bmcCredentials: credentials };
  return (Object.keys(COLUMN_OF) as (keyof NewServer)[]).filter((member) => sorted(known[member]) !== sorted(after[member]));
}

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
