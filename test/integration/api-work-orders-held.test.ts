// What a work order keeps from others and from the record: a machine with hands in it, a scan that may be a password, its incident.
import { timelineOf } from '@rackwright/store/events.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { expect, test } from 'vitest';
import type { Answer, Json } from './api-server.ts';
import { type Made, useWorkOrders } from './work-order-world.ts';

const { api, person, addServer, open, act, end, sees, untilSafe, get, finished } = useWorkOrders();
const { call } = api;

const ask = (server: Made, type: string, params: object = {}): Promise<Answer> =>
  call('POST', `/v1/servers/${server.id}/operations`, { type, params }, { 'idempotency-key': newId('operation') });
const asks: [string, object][] = [
  ['validate', {}],
  ['release', {}],
  ['retire', { outcome: 'scrapped' }],
];

test('nobody powers a machine with hands in it: validating, releasing and retiring wait for the order, and say so', async () => {
  const server = await addServer();
  const order = await untilSafe(server);
  await sees(server, 'off');
  for (const state of ['safe', 'in_progress']) {
    expect((await get(order)).state).toBe(state);
    for (const [type, params] of asks)
      expect(await ask(server, type, params), `${type} while ${state}`).toMatchObject({
        status: 409,
        body: { code: 'server_held', params: { holder: `work order ${order.id}` } },
      });
    if (state === 'safe') await act(order, 'start', { person });
  }
  expect((await get(order)).server.state).toBe('in_repair');
  const { body } = await act(order, 'finish', { person, newPartSerials: ['N2'], burnIn: 'none' });
  expect(body).toMatchObject({ state: 'validating', server: { state: 'validating' } });
  await end(body.operationId);
  expect(await get(order)).toMatchObject({ state: 'closed', outcome: 'repaired', server: { state: 'available' } });
});

test('isolating it again takes nothing from the technician: it is allowed; so is all else once the order is blocked', async () => {
  const server = await addServer();
  const order = await untilSafe(server);
  const again = await ask(server, 'isolate');
  expect(again.status).toBe(202);
  await end(again.body.id);
  await act(order, 'block', { person, reason: 'no spare part' });
  expect((await ask(server, 'validate')).status).toBe(202);
});

/** Every row of every table, and what was logged, as text. */
async function everythingKept(): Promise<string[]> {
  const kept = [api.log()];
  for (const { name } of await api.sql<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = current_schema()',
  ))
    kept.push(...(await api.sql<{ row: string }>(`select t::text as row from "${name}" t`)).map(({ row }) => row));
  return kept;
}

test('a scan that is no label of ours may be a password: neither told, nor kept, nor logged; another server’s label is', async () => {
  const [server, neighbour] = [await addServer(), await addServer()];
  const order = await open(server, { assignee: person });
  await act(order, 'arrive', { person });
  const password = 'Xq7-calvin-R9';
  const wrong = await act(order, 'verify', { person, scan: ` ${password} ` });
  expect(wrong).toMatchObject({
    status: 409,
    body: {
      code: 'wrong_machine_scanned',
      params: { expectedSerial: server.serial, standsBefore: 'a machine that is not on file' },
    },
  });
  expect(JSON.stringify(wrong.body)).not.toContain(password);
  const refused = async () =>
    (await timelineOf(api.database, server.id, 20)).filter(({ kind }) => kind === 'work_order.scan_refused');
  expect(await refused()).toHaveLength(1);
  expect((await everythingKept()).filter((text) => text.includes(password))).toEqual([]);

  const other = await act(order, 'verify', { person, scan: neighbour.assetTag.toLowerCase() });
  expect(other.body.params).toMatchObject({ scanned: neighbour.assetTag.toLowerCase() });
  expect((await refused()).map(({ payload }) => (payload as Json).scanned)).toContain(neighbour.assetTag.toLowerCase());
  const label = `"scanned": "${neighbour.assetTag.toLowerCase()}"`;
  expect((await everythingKept()).filter((text) => text.replaceAll('""', '"').includes(label))).not.toEqual([]);
});

const loops = async (server: Made): Promise<boolean[]> =>
  (
    await api.sql<{ open: boolean }>(
      `select closed_at is null as open from incidents where kind = 'repair_loop' and scope_id = $1 order by id`,
      [server.id],
    )
  ).map((incident) => incident.open);

/** The third repair that does not hold. */
async function looping(): Promise<{ server: Made; order: Json }> {
  const server = await addServer();
  const { order, operationId } = await finished(server);
  await api.sql('update work_orders set attempts = 2 where id = $1', [order.id]);
  await end(operationId, { code: 'burn_in_failed' });
  expect(await loops(server)).toEqual([true]);
  return { server, order };
}

test.each([
  ['cancel', { reason: 'nobody comes' }],
  ['close', { outcome: 'scrapped', reason: 'board is dead' }],
])('an order that is over by %s leaves no incident of a repair that does not hold', async (action, body) => {
  const { server, order } = await looping();
  expect((await act(order, action, body)).status).toBe(200);
  expect(await loops(server)).toEqual([false]);
});

test('the end of another order of that server says nothing of the one that does not hold', async () => {
  const { server, order } = await looping();
  const other = await open(server, { cause: 'loud fan' });
  await act(other, 'cancel', { reason: 'it is not loud' });
  expect(await loops(server)).toEqual([true]);
  await act(order, 'cancel', { reason: 'nobody comes' });
  expect(await loops(server)).toEqual([false]);
});
