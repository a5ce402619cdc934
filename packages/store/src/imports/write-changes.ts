// Writes many changed servers with one statement per kind of row. What they give up is given up first: two may swap their places.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { refuseWhilePasswordChanges, settlePasswordDoubt } from '../bmc-passwords/open-changes.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { insertBmcs, insertNics, insertServers, type NamedServer, type NewServer } from '../servers/insert-servers.ts';
import { reserveAddresses } from '../servers/reserve-addresses.ts';
import type { Transaction } from '../transaction.ts';

export type ChangedServer = NamedServer & { changed: (keyof NewServer)[] };

/** Throws what Postgres throws on a broken constraint: somebody wrote the same at the same moment. */
export async function writeChanges(
  tx: Transaction,
  keyring: Keyring,
  changes: readonly ChangedServer[],
  created: readonly NamedServer[],
): Promise<void> {
  await giveUp(tx, changes);
  // Those asked for by a change must be known before a new server is given the next free one.
  const moved = changes.filter(({ changed }) => changed.includes('networkId') || changed.includes('address'));
  const placed = await reserveAddresses(
    tx,
    [...moved, ...created].map(({ id, siteId, networkId, address }) => ({ id, siteId, networkId, address })),
  );
  const addresses = new Map(placed.map((server) => [server.id, server]));
  await updateServers(
    tx,
    changes.map((change) => ({ ...change, address: addresses.get(change.id)?.address ?? change.address })),
  );
  await insertNics(
    tx,
    changes.filter(({ changed }) => changed.includes('nics')),
  );
  const withOtherBmc = changes.filter(bmcChanged);
  const theirIds = withOtherBmc.map(({ id }) => id);
  await refuseWhilePasswordChanges(tx, ...theirIds);
  await insertBmcs(tx, keyring, withOtherBmc);
  await settlePasswordDoubt(tx, theirIds);
  await insertServers(
    tx,
    keyring,
    created.map((server) => ({ ...server, address: addresses.get(server.id)?.address ?? null })),
  );
}

const bmcChanged = ({ changed }: ChangedServer): boolean => changed.includes('bmc') || changed.includes('bmcCredentials');

async function giveUp(tx: Transaction, changes: readonly ChangedServer[]): Promise<void> {
  if (changes.length === 0) return;
  const idsOf = (member: keyof NewServer): ServerId[] =>
    changes.filter(({ changed }) => changed.includes(member)).map(({ id }) => id);
  await tx.query(
    `update servers set
       name = case when id = any($2) then id else name end,
       asset_tag = case when id = any($3) then null else asset_tag end,
       u_position = case when id = any($4) then null else u_position end,
       address = case when id = any($5) then null else address end
      where id = any($1)`,
    [
      changes.map(({ id }) => id),
      idsOf('name'),
      idsOf('assetTag'),
      [...new Set((['siteId', 'rackId', 'uPosition', 'uHeight', 'face'] as const).flatMap(idsOf))],
      [...idsOf('networkId'), ...idsOf('address')],
    ],
  );
  await tx.query('delete from nics where server_id = any($1)', [idsOf('nics')]);
  await tx.query('delete from server_bmcs where server_id = any($1)', [changes.filter(bmcChanged).map(({ id }) => id)]);
}

async function updateServers(tx: Transaction, changes: readonly ChangedServer[]): Promise<void> {
  if (changes.length === 0) return;
  const versions = await tx.query<{ id: ServerId; version: number }>(
    `update servers s
        set name = v.name, asset_tag = v."assetTag", site_id = v."siteId", rack_id = v."rackId", u_position = v."uPosition",
            u_height = v."uHeight", face = v.face, firmware_mode = v."firmwareMode", network_id = v."networkId", address = v.address,
            labels = v.labels, version = s.version + 1, updated_at = clock_timestamp()
       from jsonb_to_recordset($1) v(id text, name text, "assetTag" text, "siteId" text, "rackId" text, "uPosition" float8, "uHeight" float8,
                                     face face, "firmwareMode" firmware_mode, "networkId" text, address inet, labels jsonb)
      where s.id = v.id returning s.id, s.version`,
    [JSON.stringify(changes.map(({ bmcCredentials: _secret, ...server }) => server))],
  );
  const byId = new Map(versions.map(({ id, version }) => [id, version]));
  for (const { id, changed } of changes) {
    tx.emit({
      kind: 'server.updated',
      subject: { kind: 'server', id },
      serverId: id,
      version: byId.get(id),
      payload: { changed: Object.fromEntries(changed.map((member) => [member, true])) },
    });
  }
}
