// Where the cluster lives: in the folder it was given, or, where Postgres may not go there, in /var/lib with a note at either end.
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { reachable } from './binaries.ts';
import { ownerLives } from './ownership.ts';

const ELSEWHERE = '/var/lib/rackwright';

/**
 * As root we run Postgres as somebody else, who cannot walk through a folder that only root may enter (a home folder, say).
 * @returns the folder to use, made and open to pass through
 */
export async function settle(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  if (await reachable(dirname(dataDir))) {
    await chmod(dataDir, 0o711);
    return dataDir;
  }
  await sweepTemporary();
  const home = join(ELSEWHERE, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  await mkdir(home, { recursive: true });
  await chmod(home, 0o711);
  await writeFile(join(home, 'belongs-to'), dataDir);
  await writeFile(join(dataDir, 'moved-to'), `${home}\n`);
  return home;
}

/** What belonged to a temporary folder goes when the folder is gone. Nothing else is ever removed: a missing disk may come back. */
async function sweepTemporary(): Promise<void> {
  for (const name of await readdir(ELSEWHERE).catch(() => [])) {
    const home = join(ELSEWHERE, name);
    const dataDir = await readFile(join(home, 'belongs-to'), 'utf8').catch(() => '');
    if (!dataDir.startsWith(tmpdir() + sep) || (await stat(dataDir).catch(() => undefined))) continue;
    if (!(await ownerLives(home))) await rm(home, { recursive: true, force: true });
  }
}
