// A PostgreSQL of our own, from npm: what `npm start` and the tests run on. Production brings its own and sets DATABASE_URL.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '@rackwright/domain/errors.ts';
import pg from 'pg';
import { findBinaries, runAs, UNPRIVILEGED } from './binaries.ts';
import { endOrphan, giveUpOwnership, takeOwnership } from './ownership.ts';
import { keepRunning, type Running } from './keep-running.ts';
import { within } from './processes.ts';
import { settle } from './settle.ts';

export type EmbeddedPostgresOptions = {
  dataDir: string;
  /** A free one unless told. */
  port?: number;
  /** `none` may lose everything when the machine stops: for tests. */
  durability?: 'full' | 'none';
  /** Told when it ended without having been asked to, and could not be brought back. */
  onExit?: (code: number | null) => void;
};

export type EmbeddedPostgres = { url: string; port: number; readonly pid: number; close(): Promise<void> };

const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/**
 * Starts it, making the cluster when there is none (about a second; later starts take a tenth). Loopback only, password in a file
 * that only we read. Faults: `data_directory_in_use`, `postgres_missing`, `postgres_start_failed`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = await settle(resolve(options.dataDir));
  await takeOwnership(home);
  try {
    const binaries = await findBinaries(join(home, 'binaries'));
    const cluster = join(home, 'cluster');
    await endOrphan(cluster);
    const password = await readPassword(home);
    if (!(await exists(join(cluster, 'PG_VERSION')))) await makeCluster(binaries, home, password, options);
    const running = await keepRunning(
      async (onExit, port = options.port) => {
        // Also the lock file of one that was killed: it says "ready" and would be believed.
        await endOrphan(cluster);
        return launch(binaries, home, { ...options, ...(port === undefined ? {} : { port }), onExit });
      },
      (code) => options.onExit?.(code),
    );
    const url = `postgresql://rackwright:${password}@127.0.0.1:${running.port}/rackwright`;
    await ensureDatabase(url).catch(async (error: unknown) => {
      await running.stop();
      throw error;
    });
    const close = async () => {
      await running.stop();
      await giveUpOwnership(home);
    };
    return {
      url,
      port: running.port,
      get pid() {
        return running.pid;
      },
      close,
    };
  } catch (error) {
    await giveUpOwnership(home);
    throw error;
  }
}

async function readPassword(home: string): Promise<string> {
  const file = join(home, 'password');
  if (!(await exists(file))) await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFile(file, 'utf8');
}

/** Made aside and renamed: one that was interrupted is never mistaken for a whole one. */
async function makeCluster(binaries: string, home: string, password: string, options: EmbeddedPostgresOptions): Promise<void> {
  const unfinished = join(home, 'cluster.unfinished');
  const passwordFile = join(home, 'password.once');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (process.getuid?.() === 0) {
    await chown(unfinished, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
    await chown(passwordFile, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  }
  const words = ['-D', unfinished, '-U', 'rackwright', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  words.push('--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions');
  if (options.durability === 'none') words.push('--no-sync');
  try {
    await promisify(execFile)(join(binaries, 'bin/initdb'), words, { ...runAs(), cwd: '/', env: ENVIRONMENT, timeout: 120_000 });
  } catch (cause) {
    throw new Fault({ code: 'postgres_start_failed', doing: `make a PostgreSQL cluster in ${home}`, retry: 'never', cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, join(home, 'cluster'));
}

async function launch(binaries: string, home: string, options: EmbeddedPostgresOptions): Promise<Running> {
  const cluster = join(home, 'cluster');
  const port = options.port ?? (await freePort());
  const log = await open(join(home, 'postgres.log'), 'w');
  const words = ['-D', cluster, '-p', String(port), ...settings(options.durability ?? 'full').flatMap((line) => ['-c', line])];
  // A session of its own: Ctrl-C at the terminal is for us, and we tell Postgres when everything else is closed.
  const child = spawn(join(binaries, 'bin/postgres'), words, {
    ...runAs(),
    cwd: '/',
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  // From its first moment: we may die while it still recovers.
  const watchdog = child.pid === undefined ? undefined : watchOver(child.pid);
  const ended = new Promise<number | null>((done) => child.once('exit', done).once('error', () => done(null)));
  const ready = within(60_000, async () => child.exitCode !== null || child.pid === undefined || (await saysReady(cluster)));
  if (!(await ready) || child.exitCode !== null || child.pid === undefined) {
    child.kill('SIGKILL');
    watchdog?.kill('SIGKILL');
    const said = (await readFile(join(home, 'postgres.log'), 'utf8')).trim().split('\n').slice(-5).join('; ');
    throw new Fault({ code: 'postgres_start_failed', doing: `start PostgreSQL in ${home}`, retry: 'later', cause: said });
  }
  let asked = false;
  void ended.then((code) => {
    watchdog?.kill('SIGKILL');
    if (!asked) options.onExit?.(code);
  });
  const stop = async () => {
    asked = true;
    child.kill('SIGINT');
    const giveUp = setTimeout(() => child.kill('SIGQUIT'), 20_000);
    await ended;
    clearTimeout(giveUp);
  };
  return { port, pid: child.pid, stop };
}

/** Small, because it shares a machine with everything else; durable, because it is the truth. */
function settings(durability: 'full' | 'none'): string[] {
  const always = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100', 'shared_buffers=64MB'];
  always.push('wal_level=minimal', 'max_wal_senders=0', 'max_wal_size=256MB', 'min_wal_size=64MB', 'jit=off', 'timezone=UTC');
  always.push(
    'io_method=sync',
    'log_timezone=UTC',
    'log_min_messages=warning',
    'log_min_error_statement=panic',
    'log_statement=none',
  );
  return durability === 'full' ? always : [...always, 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
}

/** Postgres writes its state into the eighth line of its lock file. */
async function saysReady(cluster: string): Promise<boolean> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  return text.split('\n')[7]?.trim() === 'ready';
}

/** Waits for the end of its input, which comes when we end in whatever way, and tells Postgres to shut down. */
function watchOver(pid: number): ChildProcess {
  const script = 'while read -r _; do :; done; kill -INT "$0" 2>/dev/null';
  const watchdog = spawn('/bin/sh', ['-c', script, String(pid)], {
    ...runAs(),
    cwd: '/',
    env: ENVIRONMENT,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return watchdog;
}

async function ensureDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.href });
  await client.connect();
  try {
    const { rowCount } = await client.query(`select from pg_database where datname = 'rackwright'`);
    if (rowCount === 0) await client.query('create database rackwright');
  } finally {
    await client.end();
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
