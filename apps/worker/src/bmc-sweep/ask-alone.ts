// The right of readers that hold no server to ask a BMC, kept against the sweeps of other workers; shared by the readers of this process.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';

export type BmcRight = {
  /** False: somebody else has it. @param forMs  until it ends by itself */
  take(serverId: ServerId, forMs: number): Promise<boolean>;
  /** For as long again. False: it had ended, and somebody else has it. */
  keep(serverId: ServerId, forMs: number): Promise<boolean>;
  giveBack(serverId: ServerId): Promise<void>;
  /** Told what could not be written: others wait longer than they need to, or no longer than they should. */
  onFault(serverId: ServerId, cause: unknown): void;
};

/** Runs `work` while no other worker asks this BMC. */
export type AskAlone = <T>(serverId: ServerId, work: () => Promise<T>) => Promise<T>;

const HELD_MS = minutes(2);
const ASKED_ELSEWHERE_MS = seconds(30);
const LOOK_AGAIN_MS = 200;

type Held = { right: Promise<void>; users: number; lost: boolean; keeping?: NodeJS.Timeout };

export function askAlone(rights: BmcRight): AskAlone {
  const held = new Map<ServerId, Held>();
  const forget = (serverId: ServerId, mine: Held): void => {
    clearInterval(mine.keeping);
    if (held.get(serverId) === mine) held.delete(serverId);
  };
  /** Whoever stands in line behind an operation is not done in two minutes, and many may come one after the other. */
  const keep = async (serverId: ServerId, mine: Held): Promise<void> => {
    try {
      if (await rights.keep(serverId, HELD_MS)) return;
      // Those who come now take it anew.
      mine.lost = true;
      forget(serverId, mine);
    } catch (cause) {
      rights.onFault(serverId, cause);
    }
  };
  const take = async (serverId: ServerId, mine: Held): Promise<void> => {
    await untilFree(() => rights.take(serverId, HELD_MS));
    mine.keeping = setInterval(() => void keep(serverId, mine), HELD_MS / 4).unref();
  };
  const hold = (serverId: ServerId): Held => {
    const mine: Held = { right: Promise.resolve(), users: 0, lost: false };
    mine.right = take(serverId, mine);
    held.set(serverId, mine);
    return mine;
  };
  return async (serverId, work) => {
    // Those of this process stand in one line at the BMC: one right does for all of them.
    const mine = held.get(serverId) ?? hold(serverId);
    mine.users += 1;
    try {
      await mine.right;
      return await work();
    } finally {
      mine.users -= 1;
      if (mine.users === 0) {
        forget(serverId, mine);
        // Not written: it ends by itself.
        if (!mine.lost) await rights.giveBack(serverId).catch((cause: unknown) => rights.onFault(serverId, cause));
      }
    }
  };
}

/** Another worker's look takes seconds; whoever met one does not fail for it. Fault `bmc_busy` after half a minute. */
export async function untilFree(isFree: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + ASKED_ELSEWHERE_MS;
  while (!(await isFree())) {
    if (performance.now() > until)
      throw new Fault({ code: 'bmc_busy', doing: 'wait for another worker to be done with the BMC', retry: 'soon' });
    await pause(LOOK_AGAIN_MS);
  }
}
