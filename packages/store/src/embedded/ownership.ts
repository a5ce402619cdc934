// Whose data directory it is now, and what to do with a Postgres whose owner was killed.
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@rackwright/domain/errors.ts';
import { commandLine, endPostgres, nameProcess, type ProcessName } from './processes.ts';

/** Fault `data_directory_in_use` (later) while the process that started it lives. */
export async function takeOwnership(home: string): Promise<void> {
  const file = join(home, 'owner.json');
  const self = (await nameProcess(process.pid)) ?? { pid: process.pid, startedAt: 'unknown' };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await writeOnce(file, JSON.stringify(self))) return;
    if (await ownerLives(home)) throw inUse(home, await readOwner(file));
    await rm(file, { force: true });
  }
  throw inUse(home, undefined);
}

/** Whole or not at all: nobody reads half an owner. @returns false when the file is there already */
async function writeOnce(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, text);
  try {
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

export async function giveUpOwnership(home: string): Promise<void> {
  await rm(join(home, 'owner.json'), { force: true });
}

export async function ownerLives(home: string): Promise<boolean> {
  const owner = await readOwner(join(home, 'owner.json'));
  return owner !== undefined && (await nameProcess(owner.pid))?.startedAt === owner.startedAt;
}

async function readOwner(file: string): Promise<ProcessName | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessName;
  } catch {
    return undefined;
  }
}

function inUse(home: string, owner: ProcessName | undefined): Fault {
  const cause = owner ? `process ${owner.pid} uses it` : 'another process is taking it at this moment';
  return new Fault({ code: 'data_directory_in_use', doing: `start PostgreSQL in ${home}`, retry: 'later', cause });
}

/**
 * A Postgres that survived its owner is shut down cleanly, and the lock file of one that did not is removed. Call it as the owner.
 */
export async function endOrphan(cluster: string): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const postmaster = await nameProcess(pid);
  // The number may meanwhile belong to somebody else's process: only a Postgres of this directory is ended.
  if (postmaster && (await commandLine(pid)).includes(cluster)) {
    if (await endPostgres(postmaster)) return;
    throw new Fault({ code: 'orphan_postgres', doing: `end PostgreSQL ${pid} of ${cluster}`, retry: 'later' });
  }
  await rm(lock, { force: true });
}
