// An upgrade with racks that are already filled: what stood somewhere keeps its units, and what is retired holds none.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@rackwright/store/database.ts';
import { migrate } from '@rackwright/store/migrate.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { expect, test } from 'vitest';

const db = useTestDatabase();
const OURS = '20261122049100_enclosures';

test('servers on file fill their units from the first moment of the new version on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-upgrade-'));
  await cp('prisma/migrations', folder, { recursive: true, filter: (path) => !path.includes(OURS) });
  const url = new URL(db.url);
  const name = `${url.pathname.slice(1)}_upgrade`;
  await db.database.query(`create database ${name}`);
  url.pathname = `/${name}`;
  const old = await openDatabase(url.href, { maxConnections: 2 });
  try {
    await migrate(old, folder);
    await old.query(`insert into sites (id, name) values ('site_1', 'S')`);
    await old.query(`insert into racks (id, site_id, name) values ('rck_1', 'site_1', 'R')`);
    await old.query(
      `insert into servers (id, name, serial, state, retired_as, site_id, rack_id, u_position, u_height)
       values ('srv_1', 'a', 'A', 'registered', null, 'site_1', 'rck_1', 5, 2), ('srv_2', 'b', 'B', 'registered', null, 'site_1', 'rck_1', null, 1),
              ('srv_3', 'c', 'C', 'retired', 'scrapped', 'site_1', 'rck_1', 5, 1)`,
    );
    expect(await migrate(old)).toContain(OURS);
    expect(await old.query('select occupant_id, first_half, end_half from rack_units')).toEqual([
      { occupant_id: 'srv_1', first_half: 10, end_half: 14 },
    ]);
    await expect(old.query(`update servers set u_position = 6.5 where id = 'srv_2'`)).rejects.toMatchObject({
      constraint: 'rack_units_taken',
    });
    await old.query(`delete from servers where id = 'srv_1'`);
    await old.query(`update servers set u_position = 6.5 where id = 'srv_2'`);
  } finally {
    await old.close();
    await db.database.query(`drop database ${name} with (force)`);
    await rm(folder, { recursive: true });
  }
});
