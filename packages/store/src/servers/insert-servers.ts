// Puts servers on file, one or thousands, each kind of row with one statement.
import type { BmcCredentials, BmcEndpoint, FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { EnclosureId, NetworkId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { Face, ServerNic } from '@rackwright/domain/server.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { sealedColumns } from '../secrets/stored-secrets.ts';
import type { Transaction } from '../transaction.ts';
import { withBladePlaces } from './blade-places.ts';
import { reserveAddresses } from './reserve-addresses.ts';
import { refuseOutsideRack } from './server-refusals.ts';

export type NewServer = {
  name: string;
  assetTag: string | null;
  /** Null only for a machine that was seen and not yet named: it is `discovered`, others are `registered`. */
  serial: string | null;
  siteId: SiteId;
  rackId: RackId | null;
  uPosition: number | null;
  uHeight: number;
  face: Face;
  /** A blade's, with its slot; its rack is the enclosure's then. Absent: none. */
  enclosureId?: EnclosureId | null | undefined;
  slot?: number | null | undefined;
  firmwareMode: FirmwareMode;
  nics: ServerNic[];
  /** Null: the site's network, if it has exactly one. */
  networkId: NetworkId | null;
  /** Null: the next free one, where we give the addresses. */
  address: string | null;
  bmc: BmcEndpoint | null;
  bmcCredentials: BmcCredentials | null;
  labels: Record<string, string>;
};

export type NamedServer = NewServer & { id: ServerId };

/** Throws what Postgres throws on a broken constraint; `sayServerRefusal` says what it means. */
export async function insertServers(tx: Transaction, keyring: Keyring, servers: readonly NamedServer[]): Promise<void> {
  const housed = await withBladePlaces(tx, servers);
  await refuseOutsideRack(tx, housed);
  const placed = await reserveAddresses(tx, housed);
  await tx.query(INSERT_SERVERS, [JSON.stringify(placed)]);
  await insertNics(tx, servers);
  await insertBmcs(tx, keyring, servers);
  for (const { id, name } of servers)
    tx.emit({ kind: 'server.created', subject: { kind: 'server', id }, serverId: id, version: 1, payload: { name } });
}

const INSERT_SERVERS = `
  insert into servers (id, name, asset_tag, serial, state, site_id, rack_id, u_position, u_height, face, enclosure_id, slot, firmware_mode, network_id, address, labels)
  select id, name, "assetTag", serial, (case when serial is null then 'discovered' else 'registered' end)::server_state,
         "siteId", "rackId", "uPosition", "uHeight", face, "enclosureId", slot, "firmwareMode", "networkId", address, labels
    from jsonb_to_recordset($1) s(id text, name text, "assetTag" text, serial text, "siteId" text, "rackId" text, "uPosition" float8,
                                  "uHeight" float8, face face, "enclosureId" text, slot int, "firmwareMode" firmware_mode, "networkId" text, address inet, labels jsonb)`;

export async function insertNics(tx: Transaction, servers: readonly { id: ServerId; nics: ServerNic[] }[]): Promise<void> {
  const nics = servers.flatMap(({ id, nics }) => nics.map(({ mac, name, boot }) => ({ id, mac: mac.toLowerCase(), name, boot })));
  if (nics.length === 0) return;
  await tx.query(
    `insert into nics (mac, server_id, name, boot)
     select mac, id, name, boot from jsonb_to_recordset($1) n(id text, mac text, name text, boot boolean)`,
    [JSON.stringify(nics)],
  );
  await tx.query('delete from unknown_macs where mac = any($1)', [nics.map(({ mac }) => mac)]);
}

export async function insertBmcs(
  tx: Transaction,
  keyring: Keyring,
  servers: readonly Pick<NamedServer, 'id' | 'bmc' | 'bmcCredentials'>[],
): Promise<void> {
  const rows = servers.flatMap(({ id, bmc, bmcCredentials }) => {
    if (!bmc) return [];
    const columns = sealedColumns(keyring, bmcCredentials && JSON.stringify(bmcCredentials), id);
    return [
      {
        id,
        ...bmc,
        keyId: columns.credentials_key_id,
        nonce: base64(columns.credentials_nonce),
        sealed: base64(columns.credentials_sealed),
      },
    ];
  });
  if (rows.length === 0) return;
  await tx.query(
    `insert into server_bmcs (server_id, protocol, address, port, tls, credentials_key_id, credentials_nonce, credentials_sealed)
     select id, protocol, address, port, tls, "keyId", decode(nonce, 'base64'), decode(sealed, 'base64')
       from jsonb_to_recordset($1)
         b(id text, protocol text, address text, port int, tls jsonb, "keyId" text, nonce text, sealed text)`,
    [JSON.stringify(rows)],
  );
}

const base64 = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('base64');

/** @param credentials  undefined leaves those on file, null empties them */
export async function writeBmc(
  tx: Transaction,
  keyring: Keyring,
  id: ServerId,
  bmc: BmcEndpoint,
  credentials: BmcCredentials | null | undefined,
): Promise<void> {
  await tx.query(
    `insert into server_bmcs (server_id, protocol, address, port, tls) values ($1, $2, $3, $4, $5)
     on conflict (server_id) do update
       set protocol = excluded.protocol, address = excluded.address, port = excluded.port, tls = excluded.tls`,
    [id, bmc.protocol, bmc.address, bmc.port ?? null, bmc.tls ? JSON.stringify(bmc.tls) : null],
  );
  if (credentials !== undefined) await writeBmcCredentials(tx, keyring, id, credentials);
}

export async function writeBmcCredentials(
  tx: Transaction,
  keyring: Keyring,
  id: ServerId,
  credentials: BmcCredentials | null,
): Promise<void> {
  const columns = sealedColumns(keyring, credentials && JSON.stringify(credentials), id);
  const sets = Object.keys(columns).map((column, i) => `${column} = $${i + 2}`);
  await tx.query(`update server_bmcs set ${sets.join(', ')} where server_id = $1`, [id, ...Object.values(columns)]);
}
