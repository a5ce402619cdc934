// Brings a PostgreSQL that died back on the same port: everything else waits for it and finds it again by itself.
import { setTimeout as pause } from 'node:timers/promises';

export type Running = { port: number; pid: number; stop(): Promise<void> };

/** @param onExit  told when it ends without having been asked to */
export type Launch = (onExit: (code: number | null) => void, port: number | undefined) => Promise<Running>;

const MOST_RETURNS = 5;
const WITHIN_MS = 120_000;
const BETWEEN_TRIES_MS = 1_000;

/** @param gaveUp  told once, when it died or could not be started more than five times in two minutes */
export async function keepRunning(launch: Launch, gaveUp: (code: number | null) => void): Promise<Running> {
  let stopping = false;
  let tries: number[] = [];
  let comingBack: Promise<void> = Promise.resolve();

  const comeBack = async (code: number | null): Promise<void> => {
    while (!stopping) {
      const now = performance.now();
      tries = [...tries.filter((at) => now - at < WITHIN_MS), now];
      if (tries.length > MOST_RETURNS) return gaveUp(code);
      const started = await launch(onExit, port).catch(() => undefined);
      if (started) {
        running = started;
        return;
      }
      // Its children may still hold the shared memory; they end by themselves once they notice.
      await pause(BETWEEN_TRIES_MS);
    }
  };
  const onExit = (code: number | null): void => {
    comingBack = comeBack(code);
  };
  let running = await launch(onExit, undefined);
  const { port } = running;

  return {
    port,
    get pid() {
      return running.pid;
    },
    async stop() {
      stopping = true;
      await comingBack;
      await running.stop();
    },
  };
}
