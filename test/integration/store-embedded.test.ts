// The embedded Postgres outlives no owner, loses nothing to kill -9, and starts again whatever was left behind.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { findBinaries, packagedBinaries, reachable, UNPRIVILEGED } from '@rackwright/store/embedded/binaries.ts';
import { alive, commandLine, nameProcess, within } from '@rackwright/store/embedded/processes.ts';
import { startEmbeddedPostgres } from '@rackwright/store/embedded/start-embedded-postgres.ts';
import { needThatOrSkip } from '@rackwright/testkit/tools.ts';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const HOLDER = new URL('../../packages/testkit/src/postgres/hold-postgres.ts', import.meta.url).pathname;
const root = process.getuid?.() === 0;
// Clusters are made and killed here, on machines that do much else.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });
let dataDir = '';
const holders: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'rackwright-embedded-'));
});

afterEach(async () => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
  const pid = await postmasterPid();
  if (pid !== undefined && (await commandLine(pid)).includes(join(dataDir, 'cluster'))) process.kill(pid, 'SIGQUIT');
  await within(10_000, () => pid === undefined || !alive(pid));
  await rm(dataDir, { recursive: true, force: true });
});

async function postmasterPid(): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'cluster/postmaster.pid'), 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text.split('\n')[0]);
}

async function hold(as: { uid?: number; gid?: number } = {}): Promise<{ holder: ChildProcess; url: string; pid: number }> {
  const holder = spawn(process.execPath, [HOLDER, dataDir], { ...as, stdio: ['ignore', 'pipe', 'inherit'] });
  holders.push(holder);
  if (!holder.stdout) throw new Error('no stdout');
  const [line] = (await once(createInterface(holder.stdout), 'line')) as [string];
  return { holder, ...(JSON.parse(line) as { url: string; pid: number }) };
}

async function ask(url: string, ...statements: string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

const gone = (pid: number) => within(15_000, async () => (await nameProcess(pid)) === undefined);

test('it keeps what was written over a stop, and two cannot have it at once', async () => {
  const first = await startEmbeddedPostgres({ dataDir });
  await ask(first.url, 'create table kept as select 42 as n');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ code: 'data_directory_in_use' });
  await first.close();
  expect(alive(first.pid)).toBe(false);
  const second = await startEmbeddedPostgres({ dataDir });
  expect(await ask(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await second.close();
});

test('it listens on loopback only and asks for its password', async () => {
  const { url, port, close } = await startEmbeddedPostgres({ dataDir, durability: 'none' });
  expect(await ask(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  await expect(ask(`postgresql://rackwright:guess@127.0.0.1:${port}/rackwright`, 'select 1')).rejects.toThrow(
    'password authentication',
  );
  expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).not.toContain(new URL(url).password);
  await close();
});

test('when its owner is killed, Postgres goes too, and the next start has what was committed', async () => {
  const { holder, url, pid } = await hold();
  await ask(url, 'create table kept as select 42 as n');
  holder.kill('SIGKILL');
  expect(await gone(pid)).toBe(true);
  const next = await startEmbeddedPostgres({ dataDir });
  expect(await ask(next.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await next.close();
});

test('an orphan that nobody ended is ended by the next start', async () => {
  const { holder, url, pid } = await hold();
  await ask(url, 'create table kept as select 42 as n');
  process.kill(await watchdogOf(pid), 'SIGKILL');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(alive(pid)).toBe(true);
  const next = await startEmbeddedPostgres({ dataDir });
  expect(next.pid).not.toBe(pid);
  expect(await gone(pid)).toBe(true);
  expect(await ask(next.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await next.close();
});

test('after everything was killed at once, a lock file that names a stranger’s process is no obstacle', async () => {
  const { holder, url, pid } = await hold();
  await ask(url, 'create table kept as select 42 as n');
  process.kill(await watchdogOf(pid), 'SIGKILL');
  const left = once(holder, 'exit');
  holder.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await left;
  expect(await gone(pid)).toBe(true);
  const lock = join(dataDir, 'cluster/postmaster.pid');
  await writeFile(lock, (await readFile(lock, 'utf8')).replace(/^\d+/, String(process.pid)));
  const next = await startEmbeddedPostgres({ dataDir });
  expect(await ask(next.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await next.close();
});

test('a plain user can start it too', async (ctx) => {
  needThatOrSkip(ctx, 'embedded Postgres as a plain user', root, 'root, to become a plain user');
  await chown(dataDir, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  const { holder, url } = await hold(UNPRIVILEGED);
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  holder.kill('SIGTERM');
  expect(await once(holder, 'exit')).toEqual([0, null]);
});

test('below a folder that only root may enter, the binaries are copied to where they can run', async (ctx) => {
  needThatOrSkip(ctx, 'embedded Postgres below a closed folder', root, 'root');
  await chmod(dataDir, 0o711);
  const closed = join(dataDir, 'closed');
  await mkdir(closed, { mode: 0o700 });
  expect(await reachable(join(closed, 'x'))).toBe(false);
  await cp(join(packagedBinaries(), '../package.json'), join(closed, 'package.json'));
  await cp(packagedBinaries(), join(closed, 'native'), { recursive: true });
  const home = await findBinaries(join(dataDir, 'spare'), join(closed, 'native'));
  expect(home.startsWith(join(dataDir, 'spare'))).toBe(true);
  expect(await findBinaries(join(dataDir, 'spare'), join(closed, 'native'))).toBe(home);
  const { stdout } = await promisify(execFile)(join(home, 'bin/postgres'), ['--version'], { ...UNPRIVILEGED, cwd: '/' });
  expect(stdout).toContain('(PostgreSQL) 18');
});

test('in a folder that only root may enter, it lives elsewhere, says where, and goes when a temporary folder is gone', async (ctx) => {
  needThatOrSkip(ctx, 'embedded Postgres in a closed folder', root, 'root');
  const closed = join(dataDir, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const inside = await startEmbeddedPostgres({ dataDir: join(closed, 'postgres'), durability: 'none' });
  const home = (await readFile(join(closed, 'postgres/moved-to'), 'utf8')).trim();
  expect(await ask(inside.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await inside.close();
  await rm(closed, { recursive: true });
  await mkdir(closed, { mode: 0o700 });
  const other = await startEmbeddedPostgres({ dataDir: join(closed, 'other'), durability: 'none' });
  expect(existsSync(home)).toBe(false);
  await other.close();
  await rm((await readFile(join(closed, 'other/moved-to'), 'utf8')).trim(), { recursive: true });
});

/** The shell that waits for the owner's end: its last word is the number of the Postgres it looks after. */
async function watchdogOf(postgres: number): Promise<number> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const words = await commandLine(Number(entry));
    if (words[0] === '/bin/sh' && words.at(-1) === String(postgres)) return Number(entry);
  }
  throw new Error(`no watchdog for ${postgres}`);
}

test('killed under our hands it comes back on the same port with all it had, and is stopped when we stop', async () => {
  const postgres = await startEmbeddedPostgres({ dataDir });
  const first = postgres.pid;
  await ask(postgres.url, 'create table kept (n int)', 'insert into kept values (1)');
  process.kill(first, 'SIGKILL');
  expect(await within(30_000, () => postgres.pid !== first)).toBe(true);
  expect(await ask(postgres.url, 'select n from kept')).toEqual([{ n: 1 }]);
  const second = postgres.pid;
  await postgres.close();
  expect(alive(second)).toBe(false);
});
