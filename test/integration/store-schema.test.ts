// The database says the same as the table, the migrations the same as the schema, and running them twice changes nothing.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { STATES } from '@rackwright/domain/server-lifecycle/table.ts';
import { migrate } from '@rackwright/store/migrate.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { expect, test } from 'vitest';

const db = useTestDatabase();

test('the database knows the states of the table, and no others', async () => {
  const rows = await db.database.query<{ state: string }>('select unnest(enum_range(null::server_state))::text as state');
  expect(rows.map(({ state }) => state)).toEqual(Object.keys(STATES));
});

test('migrating again, also at the same time, applies nothing', async () => {
  expect(await Promise.all([migrate(db.database), migrate(db.database), migrate(db.database)])).toEqual([[], [], []]);
});

test('a function that spells times promises no more than to_char does: only then Postgres puts its body in place of the call', async () => {
  const rows = await db.database.query<{ name: string; volatility: string }>(
    `select p.proname as name, p.provolatile as volatility from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'public' and p.prosrc ilike '%to_char%'`,
  );
  expect(rows).toEqual([{ name: 'iso_time', volatility: 's' }]);
});

test.each([
  ['the migrations', ['--from-migrations', 'prisma/migrations']],
  ['the migrated database', ['--from-config-datasource']],
])('the Prisma schema says the same as %s', async (_, from) => {
  const words = ['prisma', 'migrate', 'diff', ...from, '--to-schema', 'prisma/schema.prisma', '--exit-code'];
  const env = { ...process.env, DATABASE_URL: db.url };
  await expect(promisify(execFile)('npx', words, { env, timeout: 50_000 })).resolves.toBeDefined();
});

test("Prisma's own tool finds our ledger in order", async () => {
  const env = { ...process.env, DATABASE_URL: db.url };
  const { stdout } = await promisify(execFile)('npx', ['prisma', 'migrate', 'status'], { env, timeout: 50_000 });
  expect(stdout).toContain('Database schema is up to date!');
});

test('a changed schema becomes a new migration, also when there are migrations already', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'rackwright-prisma-'));
  const schema = join(copy, 'schema.prisma');
  await cp('prisma', copy, { recursive: true });
  await writeFile(schema, (await readFile(schema, 'utf8')).replace('model Site {', 'model Site {\n  nickname String?'));
  const root = process.cwd();
  const config = `process.env['PRISMA_SCHEMA_ENGINE_BINARY'] = '${root}/scripts/prisma/schema-engine.mjs';
    export default { schema: '${schema}', migrations: { path: '${copy}/migrations' }, datasource: { url: process.env['DATABASE_URL'] } };`;
  await writeFile(join(copy, 'prisma.config.ts'), config);
  const words = ['prisma', 'migrate', 'dev', '--create-only', '--name', 'nickname', '--config', join(copy, 'prisma.config.ts')];
  const env = { ...process.env, DATABASE_URL: db.url, CHECKPOINT_DISABLE: '1' };
  await promisify(execFile)('npx', words, { env, timeout: 50_000 });
  const [made] = (await readdir(join(copy, 'migrations'))).filter((name) => name.endsWith('_nickname'));
  const sql = await readFile(join(copy, 'migrations', made ?? '', 'migration.sql'), 'utf8');
  await rm(copy, { recursive: true });
  expect(sql).toContain('ALTER TABLE "sites" ADD COLUMN     "nickname" TEXT');
});
