// The right of readers that hold no server to ask a BMC, kept against the sweeps of other workers; shared by the readers of this process.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';

export type BmcRight = {
  /** False: somebody else has it. @param forMs  until it ends by itself */
  take(serverId: ServerId, forMs: number): Promise<boolean>;
  giveBack(serverId: ServerId): Promise<void>;
};

/** Runs `work` while no other worker asks this BMC. */
export type AskAlone = <T>(serverId: ServerId, work: () => Promise<T>) => Promise<T>;

const HELD_MS = minutes(2);
const ASKED_ELSEWHERE_MS = seconds(30);
const LOOK_AGAIN_MS = 200;

export function askAlone({ take, giveBack }: BmcRight): AskAlone {
  const held = new Map<ServerId, { right: Promise<void>; users: number }>();
  return async (serverId, work) => {
    // Those of this process stand in one line at the BMC: one right does for all of them.
    const mine = held.get(serverId) ?? { right: untilFree(() => take(serverId, HELD_MS)), users: 0 };
    held.set(serverId, mine);
    mine.users += 1;
    try {
      await mine.right;
      return await work();
    } finally {
      mine.users -= 1;
      if (mine.users === 0) {
        held.delete(serverId);
        // Not written: it ends by itself.
        await giveBack(serverId).catch(() => undefined);
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
