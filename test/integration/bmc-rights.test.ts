// The right to ask a BMC as the database keeps it: one holder, kept by nobody else, free again when it was given back.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { holdBmc, keepBmc, letGoOfBmc } from '@rackwright/store/bmc-sweep/bmc-rights.ts';
import { type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { beforeAll, expect, test } from 'vitest';

const MINUTE = 60_000;
const db = useTestDatabase();
let stock: Stock;
beforeAll(async () => {
  stock = await stockInventory(db.database);
});

/** One that is swept: nobody else could be asking the others. */
async function sweptServer(): Promise<ServerId> {
  const id = await stock.addServer();
  await db.database.query('insert into bmc_readings (server_id, spread, due_at) values ($1, 0, now())', [id]);
  return id;
}

const secondsLeft = async (serverId: string): Promise<number> => {
  const [row] = await db.database.query<{ left: number }>(
    'select extract(epoch from asked_until - clock_timestamp())::float8 as left from bmc_readings where server_id = $1',
    [serverId],
  );
  return row?.left ?? Number.NaN;
};

test('its holder keeps it for as long again; another one neither takes nor keeps it until it was given back', async () => {
  const { database } = db;
  const id = await sweptServer();
  expect(await holdBmc(database, 'one', id, MINUTE)).toBe(true);
  expect(await holdBmc(database, 'two', id, MINUTE)).toBe(false);
  expect(await keepBmc(database, 'two', id, MINUTE)).toBe(false);
  expect(await keepBmc(database, 'one', id, 60 * MINUTE)).toBe(true);
  expect(await secondsLeft(id)).toBeGreaterThan(120);
  await letGoOfBmc(database, 'two', id);
  expect(await holdBmc(database, 'two', id, MINUTE)).toBe(false);
  await letGoOfBmc(database, 'one', id);
  expect(await holdBmc(database, 'two', id, MINUTE)).toBe(true);
  expect(await keepBmc(database, 'one', id, MINUTE)).toBe(false);
});

test('what ran out is kept as long as nobody took it', async () => {
  const { database } = db;
  const id = await sweptServer();
  expect(await holdBmc(database, 'one', id, -MINUTE)).toBe(true);
  expect(await keepBmc(database, 'one', id, -MINUTE)).toBe(true);
  expect(await holdBmc(database, 'two', id, MINUTE)).toBe(true);
  expect(await keepBmc(database, 'one', id, MINUTE)).toBe(false);
});

test('one that nobody sweeps is whoever’s asks', async () => {
  const id = await stock.addServer();
  expect(await holdBmc(db.database, 'one', id, MINUTE)).toBe(true);
  expect(await keepBmc(db.database, 'one', id, MINUTE)).toBe(true);
});
