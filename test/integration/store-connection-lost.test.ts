// Postgres ends at the worst moment: in one packet with the word that a connection is ready, before anybody listens to it.
import { createServer, connect as connectTo } from 'node:net';
import { once } from 'node:events';
import { openDatabase } from '@rackwright/store/database.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { afterAll, expect, test } from 'vitest';

const db = useTestDatabase();

/** ReadyForQuery, idle, and the ErrorResponse of a postmaster that is gone (PostgreSQL 17 manual, 53.7 and 53.8). */
const READY = Buffer.from('5a0000000549', 'hex');
const GONE = errorResponse('SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection due to unexpected postmaster exit');

function errorResponse(...fields: string[]): Buffer {
  const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Passes on what the real Postgres says; a connection that is to end is told so behind its first ReadyForQuery. */
async function doomingProxy(upstream: URL) {
  let doomed = 0;
  const server = createServer((client) => {
    const postgres = connectTo(Number(upstream.port), upstream.hostname);
    let dies = doomed > 0;
    if (dies) doomed -= 1;
    postgres.on('data', (chunk: Buffer) => {
      if (!dies || !chunk.subarray(-READY.length).equals(READY)) return client.write(chunk);
      dies = false;
      client.end(Buffer.concat([chunk, GONE]));
      return postgres.destroy();
    });
    client.on('data', (chunk: Buffer) => postgres.write(chunk));
    client.on('error', () => undefined).on('close', () => postgres.destroy());
    postgres.on('error', () => undefined).on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(upstream);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    doomNext: () => void (doomed = 1),
    doomed: () => doomed,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

const opened: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of opened.toReversed()) await close();
});

test('it is a fault of that transaction, and nothing else notices', async () => {
  const proxy = await doomingProxy(new URL(db.url));
  opened.push(proxy.close);
  const database = await openDatabase(proxy.url);
  opened.push(database.close);
  // The first connection is in use, so the next one is a new one.
  const seen = await inTransaction(database, async (tx) => {
    proxy.doomNext();
    await expect(inTransaction(database, (other) => other.query('select 1'))).rejects.toMatchObject({
      code: 'database_unreachable',
    });
    return tx.query('select 2 as two');
  });
  expect([seen, proxy.doomed()]).toEqual([[{ two: 2 }], 0]);
  expect(await database.query('select 3 as three')).toEqual([{ three: 3 }]);
});
