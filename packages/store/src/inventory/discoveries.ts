// The discovery inbox: machines that asked for an address and are on no file, with the place they probably stand in.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { type ProposedPlace, proposePlace, switchNames, type WiredRack } from '@rackwright/domain/hardware/propose-place.ts';
import type { NetworkId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { instantSql } from '../instant-sql.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { insertServers, type NewServer } from '../servers/insert-servers.ts';
import { serverRefusals } from '../servers/server-refusals.ts';
import { refusing } from './constraint-refusals.ts';
import { type Page, type PageRequest, pageOf, type Work } from './work.ts';

export type DiscoveryRecord = {
  mac: string;
  networkId: NetworkId | null;
  networkName: string | null;
  siteId: SiteId | null;
  architecture: string;
  vendorClass: string;
  firstSeenAt: string;
  lastSeenAt: string;
  sightings: number;
  inspection: Inspection | null;
  rejected: { at: string; by: string; reason: string } | null;
  /** Has the serial that this machine reports: a part of it was swapped, it is no new one. */
  knownServer: { id: ServerId; name: string } | null;
  proposal: (ProposedPlace & { /** Who stands there already. */ occupant: string | null }) | null;
};

export function postgresDiscoveries(work: Work, keyring: Keyring) {
  const get = async (sql: Sql, mac: string): Promise<DiscoveryRecord> => {
    const [found] = await withProposals(sql, await sql.query<Found>(`${SELECT} where u.mac = $1`, [mac.toLowerCase()]));
    if (!found) throw new Refusal('not_found', { kind: 'discovery', id: mac });
    return found;
  };
  return {
    get: (mac: string): Promise<DiscoveryRecord> => get(work.read, mac),

    /** Newest first; a machine that was inspected shows once, however many of its NICs asked. */
    async list({ limit, after }: PageRequest, { rejected }: { rejected: boolean }): Promise<Page<DiscoveryRecord>> {
      const [at = null, mac = null] = after?.split(' ') ?? [];
      const rows = await work.read.query<Found>(
        `with counted as (
           select u.mac as owner, u.first_seen_at, nic->>'mac' as mac
             from unknown_macs u, jsonb_array_elements(u.inspection->'nics') nic)
         ${SELECT}
          where (u.rejected_at is not null) = $1
            and ($2::timestamptz is null or (u.first_seen_at, u.mac) < ($2::timestamptz, $3))
            and not exists (select from counted c where c.mac = u.mac and c.owner <> u.mac
                              and (u.inspection is null or (c.first_seen_at, c.owner) < (u.first_seen_at, u.mac)))
          order by u.first_seen_at desc, u.mac desc limit $4`,
        [rejected, at, mac, limit + 1],
      );
      const page = pageOf(rows, limit, (row) => `${row.firstSeenAt} ${row.mac}`);
      return { ...page, items: await withProposals(work.read, page.items) };
    },

    /** Becomes a server on file in the same moment as it leaves the inbox. Refusal `not_found` when it left already. */
    accept: (mac: string, id: ServerId, server: NewServer, by: string): Promise<void> =>
      refusing(serverRefusals(work.read), () =>
        work.write(async (tx) => {
          await lock(tx, mac);
          await insertServers(tx, keyring, [{ ...server, id }]);
          await tx.query('delete from unknown_macs where mac = $1', [mac]);
          tx.emit({ kind: 'unknown_mac.accepted', subject: { kind: 'unknown_mac', id: mac }, serverId: id, payload: { by } });
        }),
      ),

    /** Not shown again while it stays where it is. May be repeated. */
    reject: (mac: string, by: string, reason: string): Promise<DiscoveryRecord> =>
      work.write(async (tx) => {
        await lock(tx, mac);
        await tx.query(
          `update unknown_macs u
              set rejected_at = clock_timestamp(), rejected_by = $2, rejected_reason = $3, rejected_network_id = network_id,
                  rejected_port = ${portOf('u')} where mac = $1`,
          [mac, by, reason],
        );
        tx.emit({ kind: 'unknown_mac.rejected', subject: { kind: 'unknown_mac', id: mac }, payload: { by, reason } });
        return get(tx, mac);
      }),
  };
}

/** The switch port that the NIC itself heard, as one text; null when it heard none. */
export const portOf = (alias: string): string =>
  `(select concat_ws(' ', nic->'lldp'->>'chassisId', nic->'lldp'->>'portId')
      from jsonb_array_elements(${alias}.inspection->'nics') nic where nic->>'mac' = ${alias}.mac and nic ? 'lldp' limit 1)`;

async function lock(sql: Sql, mac: string): Promise<void> {
  const rows = await sql.query('select from unknown_macs where mac = $1 for update', [mac]);
  if (rows.length === 0) throw new Refusal('not_found', { kind: 'discovery', id: mac });
}

type Found = Omit<DiscoveryRecord, 'proposal'>;

const SELECT = `
  select u.mac, n.id as "networkId", n.name as "networkName", n.site_id as "siteId", u.architecture, u.vendor_class as "vendorClass",
         u.first_seen_at as "firstSeenAt", u.last_seen_at as "lastSeenAt", u.sightings, u.inspection,
         case when u.rejected_at is not null then
           jsonb_build_object('at', ${instantSql('u.rejected_at')}, 'by', u.rejected_by, 'reason', u.rejected_reason) end as rejected,
         case when s.id is not null then jsonb_build_object('id', s.id, 'name', s.name) end as "knownServer"
    from unknown_macs u
    left join networks n on n.id = u.network_id
    left join servers s on s.serial = nullif(u.inspection->'system'->>'serial', '')`;

type Wired = WiredRack & { siteId: SiteId; filled: { name: string; from: number; end: number }[] };

async function withProposals(sql: Sql, found: Found[]): Promise<DiscoveryRecord[]> {
  const heard = found.flatMap(({ inspection }) => inspection?.nics.flatMap(({ lldp }) => lldp?.systemName ?? []) ?? []);
  const racks =
    heard.length === 0
      ? []
      : await sql.query<Wired>(
          `select r.id, r.name, r.site_id as "siteId", r.switch_ports as "switchPorts",
                  (select jsonb_agg(w.name) from rack_switches w where w.rack_id = r.id) as switches,
                  coalesce((select jsonb_agg(jsonb_build_object('name', coalesce(s.name, 'enclosure ' || e.name),
                                                               'from', f.first_half / 2.0, 'end', f.end_half / 2.0))
                              from rack_units f left join servers s on s.id = f.occupant_id left join enclosures e on e.id = f.occupant_id
                             where f.rack_id = r.id and f.face = 'front'), '[]') as filled
             from racks r where r.id in (select rack_id from rack_switches where lower(name) = any($1))`,
          [[...new Set(heard.flatMap(switchNames))]],
        );
  return found.map((record) => ({ ...record, proposal: proposalFor(record, racks) }));
}

function proposalFor({ inspection, siteId }: Found, racks: Wired[]): DiscoveryRecord['proposal'] {
  const near = racks.filter((rack) => siteId === null || rack.siteId === siteId);
  const place = inspection ? proposePlace(inspection, near) : undefined;
  if (!place) return null;
  const { uPosition: u, rackId } = place;
  const filled = near.find((rack: { id: RackId }) => rack.id === rackId)?.filled ?? [];
  const occupant = u === null ? undefined : filled.find(({ from, end }) => from < u + 1 && u < end);
  return { ...place, occupant: occupant?.name ?? null };
}
