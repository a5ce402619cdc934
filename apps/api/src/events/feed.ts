// The newest events in memory, read once from the database however many streams and long polls are waiting for them.
import { setTimeout as pause } from 'node:timers/promises';
import type { EventRecord, Events } from '../needs.ts';

export type EventFeed = {
  /** The newest event known here, and the epoch it counts in; there may be newer ones. */
  position(): { epoch: string; seq: number };
  /** The newest event of all. */
  now(): Promise<{ epoch: string; seq: number }>;
  /** Can a reader go on from there without a gap? */
  canResume(cursor: { epoch: string; seq: number }): Promise<boolean>;
  /** In order, without gaps: from memory, or from the database for who is far behind. */
  after(seq: number, limit: number): Promise<EventRecord[]>;
  /** Ends when there is something newer than `seq`, after `ms`, or when `signal` fires. */
  newerThan(seq: number, ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
};

const KEPT = 2_000;
const BATCH = 500;
/** Should a notice be lost, the database is asked this often. */
const LOOK_EVERY_MS = 2_000;
/** What is committed within this time is read together: under load each commit is news. */
const GATHER_MS = 20;

export async function openEventFeed(events: Events, onError: (error: unknown) => void): Promise<EventFeed> {
  let { epoch, last: head } = await events.position();
  const ring: EventRecord[] = [];
  const waiting = new Set<() => void>();
  let pulling: Promise<void> | undefined;
  let again = false;

  const pull = async (): Promise<void> => {
    do {
      await pause(GATHER_MS, undefined, { ref: false });
      again = false;
      for (;;) {
        const batch = await events.after(head, BATCH);
        ring.push(...batch);
        ring.splice(0, Math.max(0, ring.length - KEPT));
        head = batch.at(-1)?.seq ?? head;
        if (batch.length < BATCH) break;
      }
      // Each time, not when the database falls quiet: under load it never does.
      for (const wake of waiting) wake();
    } while (again);
  };
  const look = (): void => {
    again = true;
    pulling ??= pull()
      .catch(onError)
      .finally(() => {
        pulling = undefined;
      });
  };
  const unsubscribe = events.onNew(look);
  const timer = setInterval(look, LOOK_EVERY_MS).unref();

  return {
    position: () => ({ epoch, seq: head }),
    now: async () => {
      const { epoch: current, last } = await events.position();
      return { epoch: current, seq: last };
    },
    canResume: async (cursor) => {
      const now = await events.position();
      epoch = now.epoch;
      return cursor.epoch === now.epoch && cursor.seq >= now.prunedThrough && cursor.seq <= now.last;
    },
    after: async (seq, limit) => {
      if (seq >= head) return [];
      const first = ring[0]?.seq;
      if (first === undefined || first > seq + 1) return events.after(seq, limit);
      const start = ring.findIndex((event) => event.seq > seq);
      return ring.slice(start, start + limit);
    },
    newerThan: (seq, ms, signal) => (head > seq || signal.aborted ? Promise.resolve() : untilWoken(waiting, ms, signal)),
    close: () => {
      unsubscribe();
      clearInterval(timer);
      for (const wake of waiting) wake();
    },
  };
}

function untilWoken(waiting: Set<() => void>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timeout);
      waiting.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timeout = setTimeout(done, ms);
    waiting.add(done);
    signal.addEventListener('abort', done);
  });
}
