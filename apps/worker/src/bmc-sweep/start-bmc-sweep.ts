// Sweeps this worker's part of the fleet: takes BMCs that are due, looks at a bounded number at once, writes what it saw in batches.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { BmcConnections } from '../bmc-connections.ts';
import type { Log } from '../needs.ts';
import { lanes } from './lanes.ts';
import type { LookAtBmc } from './look-at-bmc.ts';
import type { RecordedLook, SweepShare, SweepStore } from './needs.ts';
import { batches } from './batches.ts';

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
const BATCH = 100;
const BATCH_MS = 250;

export function startBmcSweep(
  { store, look, connections, log }: SweepNeeds,
  sizes: SweepSizes = SWEEP_SIZES,
): { close(): Promise<void> } {
  const stop = new AbortController();
  let bell = new AbortController();
  let hungry = false;
  let share: SweepShare = { shards: [], workers: 1 };
  const sayTrouble = (thrown: unknown): void =>
    log.warn({ because: thrown instanceof Error ? thrown.message : String(thrown) }, 'sweep of BMCs');
  // Not for each place: a statement that fetches a quarter of the lane costs as much as one that fetches one.
  const enough = (free: { living: number; silent: number }): boolean =>
    free.living >= sizes.living / 4 || free.silent >= sizes.silent / 4;
  const places = lanes({ ...sizes, slowMs: SLOW_MS }, () => (hungry && enough(places.free()) ? bell.abort() : undefined));
  const results = batches<RecordedLook>({
    most: BATCH,
    everyMs: BATCH_MS,
    write: (looks) => store.record(looks),
    onTrouble: sayTrouble,
  });

  const takeDue = async (): Promise<void> => {
    const free = places.free();
    // What cannot be written is not asked for either: the database is away.
    if (share.shards.length === 0 || results.waiting() > BATCH * 4 || free.living + free.silent === 0) return;
    const due = await store.claim(share, free, RIGHT_MS);
    const silent = due.filter(({ reading }) => reading.circuit.failures > 0).length;
    hungry = due.length - silent === free.living || silent === free.silent;
    for (const one of due)
      places.run(one.reading.circuit.failures > 0 ? 'silent' : 'living', async () => results.add(await look(one)));
  };
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      bell = new AbortController();
      hungry = false;
      await takeDue().catch(sayTrouble);
      const wake = AbortSignal.any([bell.signal, stop.signal]);
      await pause(LOOK_MS, undefined, { signal: wake }).catch(() => undefined);
    }
  };
  const heart = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const before = share.shards.length;
      await store.beat(DEAD_MS).then((now) => (share = now), sayTrouble);
      // Others sweep those now: their sessions are not ours to hold.
      if (share.shards.length < before) await connections.letGo(() => false);
      await store.admit().catch(sayTrouble);
      await pause(BEAT_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const running = Promise.all([work(), heart()]);
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
