// A kill that provably lands in the middle: in the very turn in which the world does something, before Rackwright can hear of it.
import { setTimeout as pause } from 'node:timers/promises';
import type { SimulatedSite } from './simulated-site.ts';

export type KillOnce = {
  /** Called by a machine or a cluster while it does something. Only the first call kills. */
  strike(): void;
  /** Ends when Rackwright runs again. @returns when nothing of it ran any more (RFC 3339) */
  landed(): Promise<string>;
};

/** @param moment  for the error, when the world never came to it within `limitMs` */
export function killOnce(site: Pick<SimulatedSite, 'killAndRestart'>, moment: string, limitMs: number): KillOnce {
  let killing: Promise<string> | undefined;
  return {
    strike() {
      if (killing) return;
      killing = site.killAndRestart();
      // Told by `landed`, which may be asked later.
      killing.catch(() => undefined);
    },
    async landed() {
      for (const end = Date.now() + limitMs; killing === undefined; await pause(20))
        if (Date.now() > end) throw new Error(`not killed: it never came to "${moment}" within ${limitMs / 1_000} s`);
      return killing;
    },
  };
}

/** Begun before Rackwright died and not over then: Rackwright alone writes either. */
export const spans =
  (diedAt: string) =>
  ({ from, to }: { from: string; to: string }): boolean =>
    from < diedAt && to > diedAt;
