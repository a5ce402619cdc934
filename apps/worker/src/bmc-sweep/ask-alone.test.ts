// The right to ask a BMC: kept for as long as somebody of this process uses it, given back by the last of them.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askAlone } from './ask-alone.ts';

const SERVER = 'srv_1' as ServerId;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The rights of one BMC as the database keeps them, for several workers. */
function rightsBook() {
  const book = { by: '', until: 0, away: false };
  const faults: unknown[] = [];
  const hold = async (may: boolean, who: string, forMs: number): Promise<boolean> => {
    if (book.away) throw new Error('no database');
    if (may) Object.assign(book, { by: who, until: performance.now() + forMs });
    return may;
  };
  const worker = (who: string) =>
    askAlone({
      take: (_, forMs) => hold(book.until <= performance.now(), who, forMs),
      keep: (_, forMs) => hold(book.by === who, who, forMs),
      giveBack: async () => {
        if (book.by === who) Object.assign(book, { by: '', until: 0 });
      },
      onFault: (_, cause) => void faults.push(cause),
    });
  return { book, faults, worker };
}

test('whoever is not done in two minutes still asks alone, also when others come and go meanwhile', async () => {
  const { book, worker } = rightsBook();
  const [ours, theirs] = [worker('ours'), worker('theirs')];
  const reading = Promise.withResolvers<void>();
  const slow = ours(SERVER, () => reading.promise);
  await vi.advanceTimersByTimeAsync(minutes(10));
  await ours(SERVER, async () => undefined);
  const refused = expect(theirs(SERVER, async () => undefined)).rejects.toMatchObject({ code: 'bmc_busy' });
  await vi.advanceTimersByTimeAsync(minutes(1));
  await refused;
  expect(book.by).toBe('ours');
  reading.resolve();
  await slow;
  expect(book.by).toBe('');
  await vi.advanceTimersByTimeAsync(minutes(10));
  expect(book.by).toBe('');
});

test('a right that ran out and went to another is neither kept nor given back; whoever comes now waits for that other', async () => {
  const { book, faults, worker } = rightsBook();
  const ours = worker('ours');
  const reading = Promise.withResolvers<void>();
  const slow = ours(SERVER, () => reading.promise);
  await vi.advanceTimersByTimeAsync(seconds(1));
  book.away = true;
  await vi.advanceTimersByTimeAsync(minutes(3));
  expect(faults).not.toEqual([]);
  // The database is back, and the other worker is the first to notice.
  Object.assign(book, { away: false, by: 'theirs', until: performance.now() + seconds(45) });
  await vi.advanceTimersByTimeAsync(seconds(30));
  const order: string[] = [];
  const next = ours(SERVER, async () => void order.push(book.by));
  reading.resolve();
  await slow;
  expect(book.by).toBe('theirs');
  await vi.advanceTimersByTimeAsync(seconds(20));
  await next;
  expect(order).toEqual(['ours']);
});
