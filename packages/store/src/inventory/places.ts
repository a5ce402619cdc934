// Sites, racks and networks.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { NetworkId, RackId, SiteId } from '@rackwright/domain/ids.ts';
import { USUAL_VOLTS } from '@rackwright/domain/power/circuits.ts';
import { listTable, type Table, tableCollection } from './table-collection.ts';
import { type PageRequest, type Stamps, stamps, type Work } from './work.ts';

export type SiteRecord = Stamps & { id: SiteId; name: string };
export type NewSite = { name: string };

const SITES: Table<NewSite> & { kind: 'site' } = {
  kind: 'site',
  table: 'sites',
  select: `select t.id, t.name, ${stamps('t')} from sites t`,
  columns: { name: 'name' },
  meanings: ({ name = '' }) => ({ sites_name_key: () => new Refusal('name_taken', { kind: 'site', name }) }),
};

export function postgresSites(work: Work) {
  return {
    ...tableCollection<'site', SiteRecord, NewSite>(work, SITES),
    list: (page: PageRequest, filter: { name?: string | undefined }) =>
      listTable<SiteRecord>(work.read, SITES, page, { name: filter.name }),
  };
}

export type PowerFeed = { name: string; amps: number; volts?: number; maxUtilisation?: number | null };
/** How much of the feeds may be used, and how many servers may start at once; null takes the default. */
type RackPowerSettings = {
  powerMaxUtilisation: number;
  powerRedundancy: 'redundant' | 'shared';
  powerBudgetAmps: number | null;
  powerOnsAtOnce: number | null;
};
export type RackSwitch = { name: string; managementAddress: string | null };
/** Where it stands, and which unit hangs on which port of its switches. */
type RackPlace = { room: string | null; row: string | null; switchPorts: Record<string, number> };
export type NewRack = Partial<RackPlace> &
  Partial<RackPowerSettings> & {
    siteId: SiteId;
    name: string;
    heightU: number;
    powerFeeds: PowerFeed[];
    switches: RackSwitch[];
  };
export type RackRecord = Stamps &
  Omit<NewRack, 'powerFeeds'> &
  RackPlace &
  RackPowerSettings & { id: RackId; powerFeeds: Required<PowerFeed>[] };

const RACKS: Table<NewRack> & { kind: 'rack' } = {
  kind: 'rack',
  table: 'racks',
  select: `
    select t.id, t.site_id as "siteId", t.name, t.height_u as "heightU", t.room, t.row_name as "row",
           t.switch_ports as "switchPorts", t.power_max_utilisation as "powerMaxUtilisation",
           t.power_redundancy as "powerRedundancy", t.power_budget_amps as "powerBudgetAmps",
           t.power_ons_at_once as "powerOnsAtOnce", ${stamps('t')},
           coalesce((select jsonb_agg(jsonb_build_object('name', f.name, 'amps', f.amps, 'volts', f.volts,
                                                         'maxUtilisation', f.max_utilisation) order by f.name)
                       from power_feeds f where f.rack_id = t.id), '[]') as "powerFeeds",
           coalesce((select jsonb_agg(jsonb_build_object('name', w.name, 'managementAddress', host(w.management_address)) order by w.name)
                       from rack_switches w where w.rack_id = t.id), '[]') as switches
      from racks t`,
  columns: {
    siteId: 'site_id',
    name: 'name',
    heightU: 'height_u',
    room: 'room',
    row: 'row_name',
    switchPorts: 'switch_ports::jsonb',
    powerMaxUtilisation: 'power_max_utilisation',
    powerRedundancy: 'power_redundancy',
    powerBudgetAmps: 'power_budget_amps',
    powerOnsAtOnce: 'power_ons_at_once',
  },
  meanings: ({ name = '', siteId = '' }) => ({
    racks_site_id_name_key: () => new Refusal('name_taken', { kind: 'rack', name }),
    racks_site_id_fkey: () => new Refusal('reference_not_found', { kind: 'site', id: siteId }),
    power_feeds_pkey: () => new Refusal('name_taken', { kind: 'power feed', name }),
    rack_switches_pkey: () => new Refusal('name_taken', { kind: 'switch', name }),
  }),
  async writeParts(tx, id, { powerFeeds, switches, heightU }) {
    if (heightU !== undefined) {
      const [tall] = await tx.query<{ name: string }>(
        `select o.name from (select id, name from servers union all select id, name from enclosures) o
           join rack_units u on u.occupant_id = o.id where u.rack_id = $1 and u.end_half > ($2 + 1) * 2 limit 1`,
        [id, heightU],
      );
      if (tall) throw new Refusal('still_in_use', { kind: 'rack', dependents: `${tall.name} above U${heightU}` });
    }
    if (powerFeeds !== undefined) {
      await tx.query('delete from power_feeds where rack_id = $1', [id]);
      await tx.query(
        `insert into power_feeds (rack_id, name, amps, volts, max_utilisation)
         select $1, f.name, f.amps, coalesce(f.volts, ${USUAL_VOLTS}), f."maxUtilisation"
           from jsonb_to_recordset($2) f(name text, amps int, volts int, "maxUtilisation" int)`,
        [id, JSON.stringify(powerFeeds)],
      );
    }
    if (switches === undefined) return;
    await tx.query('delete from rack_switches where rack_id = $1', [id]);
    await tx.query(
      `insert into rack_switches (rack_id, name, management_address)
       select $1, w.name, w."managementAddress" from jsonb_to_recordset($2) w(name text, "managementAddress" inet)`,
      [id, JSON.stringify(switches)],
    );
  },
};

export type InSiteFilter = { name?: string | undefined; siteId?: SiteId | undefined };
export type RackFilter = InSiteFilter & { room?: string | undefined; row?: string | undefined };

export function postgresRacks(work: Work) {
  return {
    ...tableCollection<'rack', RackRecord, NewRack>(work, RACKS),
    list: (page: PageRequest, { name, siteId, room, row }: RackFilter) =>
      listTable<RackRecord>(work.read, RACKS, page, { name, site_id: siteId, room, row_name: row }),
  };
}

export type NewNetwork = {
  siteId: SiteId;
  name: string;
  cidr: string;
  gateway: string | null;
  dns: string[];
  domain: string | null;
  ntp: string[];
  dhcp: 'authoritative' | 'pool' | 'proxy' | 'off';
  poolFirst: string | null;
  poolLast: string | null;
};
export type NetworkRecord = Stamps & NewNetwork & { id: NetworkId };

const NETWORKS: Table<NewNetwork> & { kind: 'network' } = {
  kind: 'network',
  table: 'networks',
  select: `
    select t.id, t.site_id as "siteId", t.name, t.cidr::text as cidr, host(t.gateway) as gateway, t.dns, t.domain, t.ntp,
           t.dhcp::text as dhcp, host(t.pool_first) as "poolFirst", host(t.pool_last) as "poolLast", ${stamps('t')} from networks t`,
  columns: {
    siteId: 'site_id',
    name: 'name',
    cidr: 'cidr::inet',
    gateway: 'gateway::inet',
    dns: 'dns::text[]',
    domain: 'domain',
    ntp: 'ntp::text[]',
    dhcp: 'dhcp::dhcp_mode',
    poolFirst: 'pool_first::inet',
    poolLast: 'pool_last::inet',
  },
  meanings: ({ name = '', siteId = '' }) => ({
    networks_site_id_name_key: () => new Refusal('name_taken', { kind: 'network', name }),
    networks_site_id_fkey: () => new Refusal('reference_not_found', { kind: 'site', id: siteId }),
  }),
  async writeParts(tx, id, { cidr, poolFirst }) {
    if (cidr === undefined && poolFirst === undefined) return;
    const [stray] = await tx.query<{ name: string; address: string }>(
      `select s.name, host(s.address) as address from servers s join networks t on t.id = s.network_id
        where t.id = $1 and (not s.address << t.cidr or s.address between t.pool_first and t.pool_last) limit 1`,
      [id],
    );
    if (stray) throw new Refusal('still_in_use', { kind: 'network', dependents: `${stray.name} at ${stray.address}` });
  },
};

export function postgresNetworks(work: Work) {
  return {
    ...tableCollection<'network', NetworkRecord, NewNetwork>(work, NETWORKS),
    list: (page: PageRequest, { name, siteId }: InSiteFilter) =>
      listTable<NetworkRecord>(work.read, NETWORKS, page, { name, site_id: siteId }),
  };
}
