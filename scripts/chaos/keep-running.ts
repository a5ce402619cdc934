// Does for Rackwright in a chaos run what systemd does for a service: starts it again whatever ended it, and says so when that takes too long.
import type { ChildProcess } from 'node:child_process';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { minutes } from '@rackwright/domain/durations.ts';
import type { SessionLook } from '../../test/chaos/history.ts';

export type Kept = {
  running(): { process: Pick<ChildProcess, 'once'>; kill(): Promise<void>; stop(): Promise<void> };
  restart(): Promise<void>;
  logFile: string;
};

export type Keeper = {
  /**
   * Kills Rackwright; it comes back by itself. Each call kills one of its own, which has been up for at least as long as it took to start:
   * on a slow machine nothing would ever be under way otherwise.
   */
  killRackwright(): Promise<void>;
  /** Ends when it answers; rejects when it did not come back within the limit. */
  untilUp(): Promise<void>;
  /** Stops it for good, as an operator does. */
  stopRackwright(): Promise<void>;
  /** How often it ended without having been killed while it was up. */
  ownEnds(): number;
};

type Needs = {
  tell: (line: string) => void;
  look: (when: SessionLook['when']) => void;
  /** In which it must be back, its database's own absence included. */
  limitMs?: number;
};

const AGAIN_MS = 300;
/** What a process sent before it ended is in our sockets: a connection is taken in one turn, its request read in the next. */
const TURNS = 20;

export function keepRunning(site: Kept, { tell, look, limitMs = minutes(5) }: Needs): Keeper {
  let stopping = false;
  let killed = false;
  let ownEnds = 0;
  let lastKill = Promise.resolve();
  let up: Promise<Start> = Promise.resolve({ at: Date.now(), tookMs: 0 });

  const lookWhenRead = async (when: SessionLook['when']): Promise<void> => {
    for (let n = 0; n < TURNS; n++) await turn();
    look(when);
  };
  const watch = (): void => {
    site.running().process.once('exit', (status) => {
      if (stopping) return;
      if (!killed) {
        ownEnds += 1;
        tell(`Rackwright ended by itself with ${status}: see ${site.logFile}`);
      }
      killed = false;
      up = startAgain(site, { limitMs, gone: () => lookWhenRead('killed'), stopping: () => stopping, started: watch });
      // Whoever waits for it hears of it; until somebody does, nobody need end for it.
      up.catch((cause: unknown) => tell(String(cause)));
    });
  };
  const killOne = async (): Promise<void> => {
    const { at, tookMs } = await up;
    const left = at + tookMs - Date.now();
    if (left > 0) await pause(left);
    // It may have ended by itself meanwhile.
    await up;
    look('before_kill');
    killed = true;
    await site.running().kill();
  };
  watch();
  return {
    killRackwright() {
      const mine = lastKill.then(killOne);
      lastKill = mine.catch(() => undefined);
      return mine;
    },
    untilUp: async () => void (await up),
    async stopRackwright() {
      stopping = true;
      await up.catch(() => undefined);
      await site.running().stop();
      await lookWhenRead('end');
      await up;
    },
    ownEnds: () => ownEnds,
  };
}

/** When it was up, and how long that took. */
type Start = { at: number; tookMs: number };
type Again = { limitMs: number; gone: () => Promise<void>; stopping: () => boolean; started: () => void };

/** Until one is up, or nobody wants one any more. Rejects after the limit, with what the last one said. */
async function startAgain(site: Kept, { limitMs, gone, stopping, started }: Again): Promise<Start> {
  const end = Date.now() + limitMs;
  for (;;) {
    // Also of one that had begun and was not ready in time.
    await gone();
    const began = Date.now();
    if (stopping()) return { at: began, tookMs: 0 };
    try {
      await site.restart();
      started();
      return { at: Date.now(), tookMs: Date.now() - began };
    } catch (cause) {
      // Without its database it does not start.
      const why = cause instanceof Error ? cause.message : String(cause);
      if (Date.now() >= end) throw new Error(`Rackwright did not come back within ${limitMs / 1_000} s: ${why}`, { cause });
    }
    await pause(AGAIN_MS);
  }
}
