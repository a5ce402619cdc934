// What an import of servers is compared with, read with one statement per kind of thing however many rows there are.
import type { ServerRow } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import type { NetworkId, OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { readBmcCredentials } from '../secrets/stored-secrets.ts';
import type { Sql } from '../database.ts';
import type { NewServer } from '../servers/insert-servers.ts';
import { endpointOf } from '../servers/read-server.ts';

export type ServerOnFile = Omit<NewServer, 'bmcCredentials'> & {
  id: ServerId;
  retired: boolean;
  enclosureName: string | null;
  currentOperationId: OperationId | null;
  credentials: BmcCredentials | null;
};
export type RackOnFile = { id: RackId; siteId: SiteId; name: string; heightU: number };
export type NetworkOnFile = {
  id: NetworkId;
  siteId: SiteId;
  name: string;
  cidr: string;
  poolFirst: string | null;
  poolLast: string | null;
};

export type OnFile = {
  servers: Map<string, ServerOnFile>;
  sites: { id: SiteId; name: string }[];
  racks: RackOnFile[];
  networks: NetworkOnFile[];
};

/** Locks the servers that the rows name, so that what is decided about them holds until it is written. */
export async function readOnFile(sql: Sql, keyring: Keyring, rows: readonly ServerRow[]): Promise<OnFile> {
  const serials = rows.map(({ serial }) => serial);
  const locked = await sql.query<{ id: ServerId }>(
    'select id from servers where serial = any($1) order by id for no key update',
    [serials],
  );
  const servers = await readServers(
    sql,
    keyring,
    locked.map(({ id }) => id),
  );
  const names = (member: 'site' | 'rack' | 'network') => [...new Set(rows.flatMap((row) => row[member] ?? []))];
  return {
    servers,
    // Those without a name in the file count too: with one site there is no need to name it.
    sites: await sql.query('select id, name from sites where name = any($1) or (select count(*) from sites) = 1', [
      names('site'),
    ]),
    racks: await sql.query(
      `select id, site_id as "siteId", name, height_u as "heightU" from racks
        where name = any($1) or id in (select rack_id from servers where id = any($2))`,
      [names('rack'), locked.map(({ id }) => id)],
    ),
    networks: await sql.query(
      `select n.id, n.site_id as "siteId", n.name, n.cidr::text as cidr, host(n.pool_first) as "poolFirst", host(n.pool_last) as "poolLast"
         from networks n
        where n.name = any($1) or n.id in (select network_id from servers where id = any($2))
           or not exists (select from networks other where other.site_id = n.site_id and other.id <> n.id)`,
      [names('network'), locked.map(({ id }) => id)],
    ),
  };
}

type Row = Omit<ServerOnFile, 'bmc' | 'credentials'> & { bmc: Parameters<typeof endpointOf>[0] | null };

async function readServers(sql: Sql, keyring: Keyring, ids: ServerId[]): Promise<Map<string, ServerOnFile>> {
  const credentials = await readBmcCredentials(sql, keyring, ids);
  const rows = await sql.query<Row>(
    `select s.id, s.name, s.asset_tag as "assetTag", s.serial, s.state = 'retired' as retired, s.site_id as "siteId",
            s.rack_id as "rackId", s.u_position as "uPosition", s.u_height as "uHeight", s.face::text as face,
            s.enclosure_id as "enclosureId", (select e.name from enclosures e where e.id = s.enclosure_id) as "enclosureName", s.slot,
            s.firmware_mode::text as "firmwareMode", s.network_id as "networkId", host(s.address) as address, s.labels,
            coalesce((select jsonb_agg(jsonb_build_object('mac', i.mac, 'name', i.name, 'boot', i.boot) order by i.mac)
                        from nics i where i.server_id = s.id), '[]') as nics,
            case when b.server_id is not null then
              jsonb_build_object('protocol', b.protocol, 'address', b.address, 'port', b.port, 'tls', b.tls) end as bmc,
            (select o.id from operations o where o.server_id = s.id and o.state = 'running') as "currentOperationId"
       from servers s left join server_bmcs b on b.server_id = s.id where s.id = any($1)`,
    [ids],
  );
  return new Map(
    rows.map((row) => [
      row.serial ?? '',
      { ...row, bmc: row.bmc && endpointOf(row.bmc), credentials: credentials.get(row.id) ?? null },
    ]),
  );
}
