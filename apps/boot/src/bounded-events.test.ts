// Events arrive in order, a slow listener costs events and never packets, and a repeated thing is mentioned seldom.
import { expect, test } from 'vitest';
import { boundedEvents } from './bounded-events.ts';
import { seldom } from './dhcp/seldom.ts';

test('in order, one at a time, and close waits for the last', async () => {
  const seen: string[] = [];
  const events = boundedEvents<string>({
    limit: 10,
    deliver: async (event) => {
      seen.push(`${event} begins`);
      await Promise.resolve();
      seen.push(`${event} ends`);
    },
    onFault: () => undefined,
  });
  for (const event of ['a', 'b']) events.offer(event);
  await events.close();
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('above the limit they are dropped and counted', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const seen: number[] = [];
  const deliver = async (event: number) => {
    await gate;
    seen.push(event);
  };
  const events = boundedEvents<number>({ limit: 3, deliver, onFault: () => undefined });
  for (let n = 0; n < 10; n++) events.offer(n);
  expect(events.dropped).toBe(7);
  open();
  await events.close();
  expect(seen).toEqual([0, 1, 2]);
  events.offer(11);
  expect(events.dropped).toBe(8);
});

test('a listener that throws loses its event and no other', async () => {
  const faults: unknown[] = [];
  const seen: number[] = [];
  const events = boundedEvents<number>({
    limit: 10,
    deliver: (event) => {
      if (event === 1) throw new Error('one');
      seen.push(event);
    },
    onFault: (cause) => faults.push(cause),
  });
  for (const event of [1, 2]) events.offer(event);
  await events.close();
  expect([seen, faults.length]).toEqual([[2], 1]);
});

test('the same thing again only after a while, and no more things remembered than told', () => {
  const isNews = seldom({ everyMs: 100, remembered: 2 });
  expect([isNews('a', 0), isNews('a', 99), isNews('a', 100), isNews('b', 100)]).toEqual([true, false, true, true]);
  isNews('c', 100);
  expect([isNews('b', 101), isNews('a', 101)]).toEqual([false, true]);
  // A clock that was set back must not silence anything for years.
  expect(isNews('c', 50)).toBe(true);
});
