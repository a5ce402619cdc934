// Whoever waits for the boot services to know a ticket is woken by them, once they can be seen to know it: nobody has to look again and again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeBoot } from '@rackwright/boot-app/compose.ts';
import { bootMemory } from '@rackwright/boot-app/feed/boot-memory.ts';
import { followStore } from '@rackwright/boot-app/feed/follow-store.ts';
import { wakeWaiting } from '@rackwright/boot-app/wake-waiting.ts';
import type { OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import { ticketKnowledge } from '@rackwright/store/boot/boot-replicas.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { type Stock, stockInventory, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';

const SOON = { timeout: 20_000, interval: 20 };
const db = useTestDatabase();
const closing: (() => unknown)[] = [];
let stock: Stock;
beforeAll(async () => {
  stock = await stockInventory(db.database);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Waiting = { serverId: ServerId; operationId: OperationId; ticketId: TicketId };

/** Also again: a step whose process died is done twice. */
async function openTicket(serverId: ServerId, operationId: OperationId): Promise<Waiting> {
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const tickets = postgresBootTickets(db.database, TEST_KEYRING);
  return { serverId, operationId, ticketId: await tickets.open(serverId, operationId, 'inspect', until) };
}

async function withTicket(): Promise<Waiting> {
  const serverId = await stock.addServer();
  return openTicket(serverId, await stock.begin(serverId, 'onboard'));
}

/** Who was woken, and what an operation that looks at that moment sees of its ticket. */
function wakeUps() {
  const woken: { operationId: OperationId; knowledge: string }[] = [];
  return {
    woken,
    async wakeUp(operationId: OperationId): Promise<void> {
      const [ticket] = await db.database.query<{ id: TicketId }>('select id from boot_tickets where operation_id = $1', [
        operationId,
      ]);
      if (!ticket) throw new Error(`no ticket of ${operationId}`);
      woken.push({ operationId, knowledge: await ticketKnowledge(db.database, ticket.id) });
    },
  };
}

async function following(database: Database = db.database) {
  const memory = bootMemory();
  const { woken, wakeUp } = wakeUps();
  const faults: unknown[] = [];
  const onFault = (cause: unknown): void => void faults.push(cause);
  let news = (): void => undefined;
  const listener = {
    onNew(callback: () => void) {
      news = callback;
      return () => undefined;
    },
    close: async () => undefined,
  };
  const onKnown = wakeWaiting(memory, wakeUp, onFault);
  const feed = await followStore(database, TEST_KEYRING, listener, memory, { replica: 'boot/1', onKnown, onFault });
  closing.push(() => feed.close());
  return { woken, faults, news: () => news() };
}

test('an operation is woken whenever its ticket was opened, also again, and sees then that it is known', async () => {
  const { woken, news } = await following();
  const one = await withTicket();
  const another = await withTicket();
  news();
  const known = ({ operationId }: Waiting) => ({ operationId, knowledge: 'known' });
  await vi.waitFor(() => expect(woken).toEqual(expect.arrayContaining([known(one), known(another)])), SOON);
  await openTicket(one.serverId, one.operationId);
  expect(await ticketKnowledge(db.database, one.ticketId)).toBe('behind');
  news();
  await vi.waitFor(() => expect(woken).toHaveLength(3), SOON);
  expect(woken.at(-1)).toEqual(known(one));
});

test('what happened between the events that are still kept and ours is told as well', async () => {
  const { woken, news } = await following();
  const { operationId } = await withTicket();
  await db.database.query('update event_sequence set pruned = last_seq');
  news();
  await vi.waitFor(() => expect(woken).toContainEqual({ operationId, knowledge: 'known' }), SOON);
});

test('trouble while it is written down how far we are swallows no wake-up', async () => {
  let fail = false;
  const flaky: Database = {
    ...db.database,
    query: async (text, values) => {
      if (fail && text.includes('insert into boot_replicas')) {
        fail = false;
        throw new Error('the connection broke');
      }
      return db.database.query(text, values);
    },
  };
  const { woken, faults, news } = await following(flaky);
  const { operationId } = await withTicket();
  fail = true;
  news();
  await vi.waitFor(() => expect(woken).toContainEqual({ operationId, knowledge: 'known' }), SOON);
  expect(faults).toHaveLength(1);
});

test('a boot service that starts wakes those who wait for one', async () => {
  const { operationId, ticketId } = await withTicket();
  expect(await ticketKnowledge(db.database, ticketId)).toBe('no_replica');
  const folder = mkdtempSync(join(tmpdir(), 'boot-wakes-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const { woken, wakeUp } = wakeUps();
  const files = { ipxeDir: undefined, agentDir: undefined, imageDir: folder, artifactDir: folder, kernelArguments: [] };
  const boot = await composeBoot(
    { address: '127.0.0.1', dhcpPort: 0, tftpPort: 0, httpPort: 0, ...files },
    {
      database: db.database,
      keyring: TEST_KEYRING,
      listener: { onNew: () => () => undefined, close: async () => undefined },
      wakeUp,
      log: () => undefined,
    },
  );
  closing.push(() => boot.close());
  await vi.waitFor(() => expect(woken).toContainEqual({ operationId, knowledge: 'known' }), SOON);
});
