// Readers hear of news also while more and more of it comes.
import { expect, test } from 'vitest';
import type { EventRecord, Events } from '../needs.ts';
import { openEventFeed } from './feed.ts';

test('a reader is woken although each look meets another commit', async () => {
  let tell = (): void => undefined;
  let last = 0;
  let quiet = false;
  const events = {
    position: async () => ({ epoch: 'e', last, prunedThrough: 0 }),
    async after(seq: number) {
      // Somebody commits while we read.
      if (!quiet) {
        last += 1;
        tell();
      }
      return seq < last ? [{ seq: last } as EventRecord] : [];
    },
    onNew(callback: () => void) {
      tell = callback;
      return () => undefined;
    },
  } satisfies Partial<Events> as unknown as Events;
  const feed = await openEventFeed(events, (error) => {
    throw error;
  });
  const never = new AbortController();
  const woken = feed.newerThan(0, 3_600_000, never.signal);
  tell();
  await woken;
  expect(feed.position().seq).toBeGreaterThan(0);
  quiet = true;
  feed.close();
});
