// Servers with work orders over HTTP, technicians who act on them, and operations that end as a test wants.
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { recordSighting } from '@rackwright/store/work-orders/watch-at-the-rack.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { beforeAll, expect } from 'vitest';
import { type Answer, furnish, type Json, newBmc, type TestApi, useApi } from './api-server.ts';

export type Made = { id: ServerId; serial: string; assetTag: string; name: string };

const person = 'Chen Mei';

/** Call at the top of a test file. */
export function useWorkOrders() {
  const api = useApi();
  const { call } = api;
  let place: Awaited<ReturnType<typeof furnish>> | undefined;
  let made = 0;
  beforeAll(async () => {
    place = await furnish(call, 'tpe1');
  });

  async function addServer(state = 'available'): Promise<Made> {
    const n = ++made;
    const mac = `02:00:00:00:01:${n.toString(16).padStart(2, '0')}`;
    const known = { name: `R1-U${n}`, serial: `SN-${n}`, assetTag: `TAG-${n}` };
    const body = { ...place, ...known, uPosition: n, nics: { [mac]: { boot: true } }, bmc: newBmc() };
    const { body: server } = await call('POST', '/v1/servers', body);
    await postgresServers(api.database).acceptHardware(server.id, inspectionWith([`D-${n}`]), newId('operation'));
    await api.sql('update servers set state = $2::server_state where id = $1', [server.id, state]);
    return { id: server.id, ...known };
  }

  async function open(server: Made, more: object = {}): Promise<Json> {
    const { status, body } = await call('POST', '/v1/work-orders', { serverId: server.id, cause: 'dead DIMM', ...more });
    expect(status).toBe(201);
    return body;
  }
  return { api, person, addServer, lastUnit: () => made, open, ...technician(api, open) };
}

function technician(api: TestApi, open: (server: Made, more?: object) => Promise<Json>) {
  const { call } = api;
  const get = async (order: Json): Promise<Json> => (await call('GET', `/v1/work-orders/${order.id}`)).body;

  /** As who looks at it now: with the version that is there. */
  async function act(order: Json, action: string, body: object, version?: number): Promise<Answer> {
    const current = version ?? (await get(order)).version;
    return call('POST', `/v1/work-orders/${order.id}/${action}`, body, { 'if-match': `"${current}"` });
  }

  async function atTheRack(server: Made, more: object = {}): Promise<Json> {
    const order = await open(server, { assignee: person, ...more });
    expect((await act(order, 'arrive', { person })).body.state).toBe('on_site');
    expect((await act(order, 'verify', { person, scan: server.serial })).body.state).toBe('verified');
    return order;
  }

  /** The worker's part: the operation ends. */
  async function end(operationId: OperationId, error: { code: string } | null = null): Promise<void> {
    const runs = postgresRunStore(api.database);
    const run = await runs.claim(operationId, 'w1', 60_000);
    if (typeof run === 'string') throw new Error(run);
    if (error === null) return runs.finish(run);
    await runs.fail(run, { kind: 'fault', message: '', retry: 'never', facts: {}, ...error }, 'fail');
  }

  const sees = (server: Made, power: 'on' | 'off' | null, ledLit: boolean | null = true): Promise<void> =>
    recordSighting(api.database, server.id, { power, silentBecause: power === null ? 'bmc_unreachable' : null, ledLit });

  async function untilSafe(server: Made, more: object = {}): Promise<Json> {
    const order = await atTheRack(server, more);
    const { body } = await act(order, 'drain', { person });
    expect(body).toMatchObject({ state: 'draining', server: { state: 'isolating' } });
    expect(api.woken).toContain(body.operationId);
    await end(body.operationId);
    return order;
  }

  async function finished(server: Made): Promise<{ order: Json; operationId: OperationId }> {
    const order = await untilSafe(server, { part: { kind: 'memory', slot: 'A2', oldSerial: 'M2' } });
    await sees(server, 'off');
    await act(order, 'start', { person });
    const { body } = await act(order, 'finish', { person, newPartSerials: ['N2'], burnIn: 'none', notes: 'reseated A1 too' });
    expect(body).toMatchObject({ state: 'validating', server: { state: 'validating' } });
    const operation = await call('GET', `/v1/operations/${body.operationId}`);
    expect(operation.body).toMatchObject({
      type: 'validate',
      params: { burnIn: 'none', replaced: { kind: 'memory', oldSerial: 'M2', newSerials: ['N2'] }, cameFrom: 'available' },
    });
    return { order, operationId: body.operationId };
  }
  return { act, atTheRack, end, sees, untilSafe, get, finished };
}
