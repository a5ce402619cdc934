// The address that a server gets by itself: the lowest free one, and what finding it costs.
import type { Sql } from '@rackwright/store/database.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { reserveAddresses } from '@rackwright/store/servers/reserve-addresses.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { expect, test } from 'vitest';

const db = useTestDatabase();

test('the gaps between what is taken are filled from the lowest on', async () => {
  const gappy = await stockInventory(db.database);
  const { id: networkId } = await gappy.inventory.networks.create(newId('network'), {
    siteId: gappy.siteId,
    name: 'gappy',
    cidr: '10.9.0.0/28',
    gateway: '10.9.0.4',
    dns: ['10.9.0.6', '192.0.2.53'],
    domain: null,
    ntp: [],
    dhcp: 'pool',
    poolFirst: '10.9.0.9',
    poolLast: '10.9.0.11',
  });
  await gappy.addServer({ networkId, address: '10.9.0.2' });
  const many = Array.from({ length: 9 }, (_, i) => ({
    ...gappy.newServer({ networkId, address: i === 4 ? '10.9.0.7' : null }),
    id: newId('server'),
  }));
  await gappy.inventory.servers.createAll(many);
  const records = await Promise.all(many.map(({ id }) => gappy.inventory.servers.get(id)));
  const last = ['1', '3', '5', '8', '7', '12', '13', '14'].map((host) => `10.9.0.${host}`);
  expect(records.map(({ address }) => address)).toEqual([...last, null]);
});

test('an address for one more server takes one look at each server of the network, before Postgres has statistics of them', async () => {
  // What autovacuum would learn of the table hides the cost of a plan that was made without it.
  await db.database.query('alter table servers set (autovacuum_enabled = false)');
  const full = await stockInventory(db.database);
  const { id: networkId } = await full.inventory.networks.create(newId('network'), {
    siteId: full.siteId,
    name: 'wide',
    cidr: '10.80.0.0/16',
    gateway: null,
    dns: [],
    domain: null,
    ntp: [],
    dhcp: 'authoritative',
    poolFirst: null,
    poolLast: null,
  });
  const bare = () => full.newServer({ networkId, nics: [], bmc: null, bmcCredentials: null });
  await full.inventory.servers.createAll(Array.from({ length: 600 }, () => ({ ...bare(), id: newId('server') })));
  const { placed, looks } = await inTransaction(db.database, async (tx) => {
    const before = await rowsOfServersRead(tx);
    const [placed] = await reserveAddresses(tx, [{ ...bare(), id: newId('server') }]);
    return { placed, looks: (await rowsOfServersRead(tx)) - before };
  });
  const [all] = await db.database.query<{ count: number }>('select count(*) from servers');
  expect(placed?.address).toBe('10.80.2.98');
  expect(looks).toBeLessThanOrEqual(all?.count ?? 0);
});

/** Rows of `servers` that this connection has read so far, as Postgres counts them. */
async function rowsOfServersRead(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ rows: number }>(
    `select seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables where relname = 'servers'`,
  );
  return Number(row?.rows);
}
