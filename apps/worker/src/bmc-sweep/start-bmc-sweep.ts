// Sweeps this worker's part of the fleet: takes BMCs that are due, looks at a bounded number at once, writes what it saw in batches.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { BmcConnections } from '../bmc-connections.ts';
import type { Log } from '../needs.ts';
import { lanes } from './lanes.ts';
import type { LookAtBmc } from './look-at-bmc.ts';
import type { RecordedLook, SweepShare, SweepStore } from './needs.ts';
import { batches } from './batches.ts';
import { sayWhy } from '../say-why.ts';

export type SweepNeeds = { store: SweepStore; look: LookAtBmc; connections: Pick<BmcConnections, 'letGo'>; log: Log };
/** How many BMCs at the same moment: of those that answer, and beside them of those that are silent or slow. */
export type SweepSizes = { living: number; silent: number };

export const SWEEP_SIZES: SweepSizes = { living: 64, silent: 32 };

const LOOK_MS = seconds(1);
const BEAT_MS = seconds(5);
const DEAD_MS = seconds(20);
/** A look ends long before: connecting, the look and the log each have shorter limits. */
const RIGHT_MS = minutes(3);
const SLOW_MS = seconds(2);
const GRACE_MS = seconds(10);
const LANES = ['living', 'silent'] as const;
const BATCH = 100;
const BATCH_MS = 250;

export function startBmcSweep(
  { store, look, connections, log }: SweepNeeds,
  sizes: SweepSizes = SWEEP_SIZES,
): { close(): Promise<void> } {
  const stop = new AbortController();
  let bell = new AbortController();
  let hungry = { living: false, silent: false };
  let share: SweepShare = { shards: [], workers: 1 };
  const sayTrouble = (thrown: unknown): void => log.warn({ because: sayWhy(thrown) }, 'sweep of BMCs');
  // Where all that was free was filled, more is waiting. Not for each place, though: fetching a quarter of the lane costs as much as one.
  const isHungry = (): boolean => LANES.some((lane) => hungry[lane] && places.free()[lane] >= Math.max(1, sizes[lane] / 4));
  const places = lanes({ ...sizes, slowMs: SLOW_MS }, () => (isHungry() ? bell.abort() : undefined));
  const results = batches<RecordedLook>({
    most: BATCH,
    everyMs: BATCH_MS,
    write: (looks) => store.record(looks),
    onTrouble: sayTrouble,
  });

  const takeDue = async (): Promise<void> => {
    // What cannot be written is not asked for either: the database is away.
    if (share.shards.length === 0 || results.waiting() > BATCH * 4) return;
    // Kept while we ask the database: a slow one may want to change lanes meanwhile.
    const left = places.reserve();
    const asked = { ...left };
    const filled = (lane: 'living' | 'silent'): boolean => asked[lane] > 0 && left[lane] === 0;
    try {
      if (left.living + left.silent === 0) return;
      for (const one of await store.claim(share, asked, RIGHT_MS)) {
        const lane = one.reading.circuit.failures > 0 ? 'silent' : 'living';
        left[lane] -= 1;
        places.run(lane, async () => results.add(await look(one)));
      }
      hungry = { living: filled('living'), silent: filled('silent') };
    } finally {
      places.release(left);
    }
  };
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      bell = new AbortController();
      hungry = { living: false, silent: false };
      await takeDue().catch(sayTrouble);
      if (isHungry()) continue;
      const wake = AbortSignal.any([bell.signal, stop.signal]);
      await pause(LOOK_MS, undefined, { signal: wake }).catch(() => undefined);
    }
  };
  const running = Promise.all([work(), keepShare({ store, connections, sayTrouble }, stop.signal, (now) => (share = now))]);
  return {
    async close() {
      stop.abort();
      await running;
      // What hangs longer than this is cut off when the connections close.
      await Promise.race([places.idle(), pause(GRACE_MS, undefined, { ref: false })]);
      await results.close();
      await store.leave().catch(sayTrouble);
    },
  };
}

/** Tells that this worker lives, takes new servers in, and lets go of what others sweep now; until it is stopped. */
async function keepShare(
  { store, connections, sayTrouble }: Pick<SweepNeeds, 'store' | 'connections'> & { sayTrouble: (thrown: unknown) => void },
  stop: AbortSignal,
  onShare: (share: SweepShare) => void,
): Promise<void> {
  let held = 0;
  while (!stop.aborted) {
    const share = await store.beat(DEAD_MS).catch(sayTrouble);
    if (share) {
      onShare(share);
      // Others sweep those now: their sessions are not ours to hold.
      if (share.shards.length < held) await connections.letGo(() => false);
      held = share.shards.length;
    }
    await store.admit().catch(sayTrouble);
    await pause(BEAT_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
