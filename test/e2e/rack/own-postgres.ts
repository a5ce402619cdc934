// A Postgres beside Rackwright instead of inside it: one to measure, and to kill while Rackwright lives on.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@rackwright/store/embedded/start-embedded-postgres.ts';

export type OwnPostgres = {
  url: string;
  /** What Rackwright's environment needs to use it. */
  env: Record<string, string>;
  /** `kill -9` of its parent process: no client hears a goodbye. Ends when nothing of it runs. @returns whether it ran */
  kill(): Promise<boolean>;
  /** The same data on the same port again. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

export async function startOwnPostgres(folder: string): Promise<OwnPostgres> {
  mkdirSync(folder, { recursive: true });
  const keyFile = join(folder, 'sealing.key');
  writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
  const dataDir = join(folder, 'postgres');
  let running: EmbeddedPostgres | undefined = await startEmbeddedPostgres({ dataDir });
  const { url, port } = running;
  // One at a time, whoever asks: nobody starts it while another still sees it end.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(does: () => Promise<T>): Promise<T> => {
    const mine = turn.then(does);
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    url,
    env: { DATABASE_URL: url, RACKWRIGHT_SEALING_KEY_FILE: keyFile },
    kill: () =>
      inTurn(async () => {
        const killed = running;
        running = undefined;
        if (!killed) return false;
        process.kill(killed.pid, 'SIGKILL');
        await killed.close();
        return true;
      }),
    restart: () =>
      inTurn(async () => {
        running ??= await startEmbeddedPostgres({ dataDir, port });
      }),
    close: () =>
      inTurn(async () => {
        await running?.close();
      }),
  };
}
