// Brings the database to the shape of this version, without Prisma's tools and in a way that they agree with.
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@rackwright/domain/errors.ts';
import pg from 'pg';
import type { Database } from './database.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
// Prisma's engine takes the same lock, so that its tools and we wait for one another.
const LOCK = 72707369;

// As Prisma makes it.
const LEDGER = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
  logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

type Migration = { name: string; sql: string; checksum: string };

/**
 * Applies what is missing, each migration in its own transaction; several processes may call it at once.
 * @returns names of those applied now. Fault `migration_impossible` (never) when history and files disagree.
 */
export async function migrate(database: Database, folder: string = MIGRATIONS): Promise<string[]> {
  // Not from the pool: a long migration must not run into its statement timeout.
  const client = new pg.Client({ connectionString: database.url, application_name: 'rackwright-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(LEDGER);
    const missing = await findMissing(client, await readMigrations(folder));
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(folder, name, 'migration.sql'));
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}

async function findMissing(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `select migration_name as name, checksum, finished_at is not null as finished from _prisma_migrations where rolled_back_at is null`,
  );
  const applied = new Map(rows.map((row) => [row.name, row]));
  for (const { name, finished } of rows) if (!finished) throw impossible(name, 'it was begun and did not finish');
  for (const { name, checksum } of migrations) {
    const known = applied.get(name);
    if (known && known.checksum !== checksum) throw impossible(name, 'its file was changed after it was applied');
  }
  const newest = migrations.at(-1)?.name ?? '';
  for (const { name } of rows) if (name > newest) throw impossible(name, 'the database is newer than this version of Rackwright');
  return migrations.filter(({ name }) => !applied.has(name));
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query(
      'insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) values ($1, $2, $3, now(), 1)',
      [randomUUID(), checksum, name],
    );
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new Fault({ code: 'migration_failed', doing: `apply migration ${name}`, retry: 'never', cause });
  }
}

function impossible(name: string, why: string): Fault {
  return new Fault({
    code: 'migration_impossible',
    doing: `apply migration ${name}`,
    retry: 'never',
    cause: why,
    facts: { name },
  });
}
