// What the rest of Rackwright sees when the database goes away under it, and that it comes back by itself.
import { Fault } from '@rackwright/domain/errors.ts';
import { openDatabase } from '@rackwright/store/database.ts';
import { within } from '@rackwright/store/embedded/processes.ts';
import { eventCursor } from '@rackwright/store/events.ts';
import { postgresIdempotency } from '@rackwright/store/inventory/postgres-inventory.ts';
import { forgetOld } from '@rackwright/store/retention.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { stockInventory, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import pg from 'pg';
import { expect, test } from 'vitest';

const db = useTestDatabase({ maxConnections: 4 });

/** Ends every connection of the pool, as a restart of the server does. */
async function cutConnections(): Promise<void> {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await client.end();
}

test('a transaction that loses its connection is a Fault and leaves nothing; the next one works', async () => {
  const before = await eventCursor(db.database);
  const lost = inTransaction(db.database, async (tx) => {
    await tx.query(`insert into sites (id, name) values ('site_lost', 'lost')`);
    tx.emit({ kind: 'site.created', subject: { kind: 'site', id: 'site_lost' } });
    await cutConnections();
    await tx.query('select 1');
  });
  await expect(lost).rejects.toMatchObject({ kind: 'fault', code: 'database_unreachable', retry: 'soon', effect: 'maybe' });
  expect(await db.database.query(`select from sites where id = 'site_lost'`)).toEqual([]);
  expect(await eventCursor(db.database)).toEqual(before);
});

function soonOrThrow(thrown: unknown): undefined {
  if (!(thrown instanceof Fault && thrown.retry === 'soon')) throw thrown;
}

test('idle connections that were cut are replaced, for SQL and for Prisma', async () => {
  await Promise.all([1, 2, 3, 4].map(() => db.database.query('select pg_sleep(0.05)')));
  await cutConnections();
  // Whoever asks before the pool has heard of the loss gets a Fault that says `soon`.
  const answers = async () => (await db.database.query('select 1').catch(soonOrThrow))?.length === 1;
  expect(await within(5_000, answers)).toBe(true);
  expect(await db.database.prisma.site.count()).toBe(0);
});

test('a deadlock is tried again and both come through', async () => {
  await db.database.query(`insert into sites (id, name) values ('site_a', 'a'), ('site_b', 'b')`);
  const touch = (first: string, second: string) =>
    inTransaction(db.database, async (tx) => {
      await tx.query('update sites set version = version + 1 where id = $1', [first]);
      await tx.query('select pg_sleep(0.2)');
      await tx.query('update sites set version = version + 1 where id = $1', [second]);
    });
  await Promise.all([touch('site_a', 'site_b'), touch('site_b', 'site_a')]);
  expect(await db.database.query('select version from sites order by id')).toEqual([{ version: 3 }, { version: 3 }]);
});

test('where nobody listens, opening says so', async () => {
  await expect(openDatabase('postgresql://rackwright@127.0.0.1:1/rackwright')).rejects.toThrow(Fault);
});

test('what expired is forgotten', async () => {
  const { networkId } = await stockInventory(db.database);
  const request = { principal: 'p', method: 'POST', path: '/x', key: 'k', bodyHash: 'h' };
  const idempotency = postgresIdempotency(db.database, TEST_KEYRING);
  const once = (status: number) => idempotency.once(request, async () => ({ status, headers: {}, body: null }));
  await once(200);
  await db.database.query(`update idempotency_keys set expires_at = now() - interval '1 second'`);
  await db.database.query(
    `insert into dhcp_leases (network_id, address, mac, expires_at) values ($1, '10.77.0.201', '02:00:00:00:00:01', now() - interval '1 s')`,
    [networkId],
  );
  expect((await once(201)).answer.status).toBe(201);
  await db.database.query(`update idempotency_keys set expires_at = now() - interval '1 second'`);
  expect(await forgetOld(db.database)).toEqual({
    events: 0,
    idempotencyKeys: 1,
    dhcpLeases: 1,
    deliveries: 0,
    plans: 0,
    scheduleRuns: 0,
  });
  expect(await once(202)).toMatchObject({ replayed: false });
});
