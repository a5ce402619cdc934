// The outbox: numbered in the order of commit without gaps, heard of at once, also after the connection broke.
import { appendEvents, eventCursor, eventsSince, type NewEvent, pruneEvents } from '@rackwright/store/events.ts';
import { within } from '@rackwright/store/embedded/processes.ts';
import { listenForEvents } from '@rackwright/store/listen-for-events.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { expect, test } from 'vitest';

const db = useTestDatabase();
const event = (id: string): NewEvent => ({ kind: 'server.updated', subject: { kind: 'server', id } });

test('forty writers at once, some of which fail: no gap, and a reader who follows misses nothing', async () => {
  const start = (await eventCursor(db.database)).lastSeq;
  let writing = true;
  const seen: number[] = [];
  const reader = (async () => {
    let last = start;
    while (writing || (await eventCursor(db.database)).lastSeq > last) {
      for (const { seq } of await eventsSince(db.database, last, 7)) {
        seen.push(seq);
        last = seq;
      }
    }
  })();
  const write = (i: number) =>
    inTransaction(db.database, async (tx) => {
      tx.emit(event(`s${i}`));
      await tx.query('select pg_sleep(random() * 0.02)');
      if (i % 5 === 0) throw new Error('given up');
      tx.emit(event(`s${i}`));
    }).catch(() => undefined);
  await Promise.all(Array.from({ length: 40 }, (_, i) => write(i)));
  writing = false;
  await reader;
  expect(seen).toEqual(Array.from({ length: 64 }, (_, i) => start + i + 1));
});

test('what is undone to a savepoint is not told', async () => {
  const start = (await eventCursor(db.database)).lastSeq;
  await inTransaction(db.database, async (tx) => {
    tx.emit(event('a'));
    await tx
      .savepoint(async () => {
        tx.emit(event('undone'));
        await tx.query('select 1/0');
      })
      .catch(() => undefined);
    tx.emit(event('b'));
  });
  expect((await eventsSince(db.database, start, 10)).map(({ subject }) => subject.id)).toEqual(['a', 'b']);
});

test('kinds and limits narrow what is read', async () => {
  const start = (await eventCursor(db.database)).lastSeq;
  await appendEvents(db.database, [
    event('1'),
    { kind: 'site.created', subject: { kind: 'site', id: '2' }, payload: { a: 1 } },
    event('3'),
  ]);
  expect(await eventsSince(db.database, start, 10, ['site.created'])).toMatchObject([
    {
      seq: start + 2,
      kind: 'site.created',
      subject: { kind: 'site', id: '2' },
      payload: { a: 1 },
      serverId: null,
      version: null,
    },
  ]);
  expect(await eventsSince(db.database, start, 2)).toHaveLength(2);
});

test('a listener hears of each commit, and of those that it missed while its connection was broken', async () => {
  let lost = 0;
  let woken = 0;
  const listener = await listenForEvents(db.database, { everyMs: 60_000, onConnectionLost: () => (lost += 1) });
  const stop = listener.onNew(() => (woken += 1));
  await inTransaction(db.database, async (tx) => tx.emit(event('heard')));
  expect(await within(5_000, () => woken === 1)).toBe(true);

  await db.database.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rackwright-events'
    and datname = current_database()`);
  expect(await within(5_000, () => lost === 1 && woken >= 2)).toBe(true);
  const before = woken;
  await inTransaction(db.database, async (tx) => tx.emit(event('heard again')));
  expect(await within(5_000, () => woken > before)).toBe(true);
  stop();
  await listener.close();
});

test('old events are forgotten and the cursor says so; what a server went through stays', async () => {
  await appendEvents(db.database, [event('old'), { kind: 'server.moved', subject: { kind: 'server', id: 'kept' } }]);
  await db.database.query(`update events set at = now() - interval '10 days'`);
  await appendEvents(db.database, [event('new')]);
  expect(await pruneEvents(db.database, 7)).toBeGreaterThan(0);
  const { lastSeq, prunedSeq } = await eventCursor(db.database);
  expect(prunedSeq).toBe(lastSeq - 2);
  expect((await eventsSince(db.database, 0, 1000)).map(({ subject }) => subject.id)).toEqual(['kept', 'new']);
});
