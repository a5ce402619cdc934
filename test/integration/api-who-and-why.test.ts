// What somebody ends by a word over HTTP says in its event whose word it was, and why.
import { randomUUID } from 'node:crypto';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { raiseFindings } from '@rackwright/store/health/note-findings.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { beforeAll, expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';
import { addServers, bulkItems, bulkWorker, furnishAnother, type Place } from './bulk-world.ts';

const api = useApi();
const { call } = api;
const WHO_AND_WHY = { by: 'local', reason: 'the wrong rack' };
let place: Place;

beforeAll(async () => {
  place = await furnishAnother(call);
});

const told = async (kind: string, subjectId: string): Promise<Json[]> =>
  (
    await api.sql<{ payload: Json }>('select payload from events where kind = $1 and subject_id = $2 order by seq', [
      kind,
      subjectId,
    ])
  ).map(({ payload }) => payload);
const keyed = () => ({ 'idempotency-key': randomUUID() });

/** Straight into a state, with accepted hardware. */
async function serverIn(state: string, prefix: string): Promise<ServerId> {
  const [id] = (await addServers(call, place, { count: 1, prefix })) as [ServerId];
  await api.sql('update servers set state = $2::server_state where id = $1', [id, state]);
  await postgresServers(api.database).acceptHardware(id, inspectionWith([`DISK-${prefix}`]), newId('operation'));
  return id;
}

test('findings that somebody calls mended are cleared by that person', async () => {
  const id = await serverIn('in_service', 'FND');
  const findings = [{ signal: 'memory_uncorrectable', detail: 'DIMM_A1' }] as const;
  await inTransaction(api.database, (tx) => raiseFindings(tx, [{ serverId: id, findings }]));
  expect((await call('DELETE', `/v1/servers/${id}/health/findings`)).status).toBe(204);
  expect(await told('server.signal_cleared', id)).toEqual([{ signal: 'memory_uncorrectable', by: 'local' }]);
});

test('an operation that is cancelled', async () => {
  const [id] = await addServers(call, place, { count: 1, prefix: 'OPC' });
  const { body } = await call('POST', `/v1/servers/${id}/operations`, { type: 'onboard' }, keyed());
  await call('POST', `/v1/operations/${body.id}/cancel`, { reason: 'the wrong rack' });
  expect(await told('operation.cancel_requested', body.id)).toEqual([WHO_AND_WHY]);
});

test('a bulk operation that is cancelled, with the operations that it had begun', async () => {
  const ids = await addServers(call, place, { count: 3, prefix: 'BLK' });
  const waves = { canary: 0, parallelism: 2 };
  const plan = await call('POST', '/v1/plans', { operation: { type: 'onboard', reason: 'new' }, servers: { ids }, waves });
  const { id } = (await call('POST', `/v1/plans/${plan.body.id}/executions`, {})).body;
  await bulkWorker(api.database).sweep();
  const begun = await bulkItems(call, id, 'running');
  expect(begun).toHaveLength(2);
  await call('POST', `/v1/bulk-operations/${id}/cancel`, { running: 'cancel', reason: 'the wrong rack' });
  expect(await told('bulk_operation.cancel_requested', id)).toEqual([WHO_AND_WHY]);
  for (const { operationId } of begun) expect(await told('operation.cancel_requested', operationId)).toEqual([WHO_AND_WHY]);
});

test('a replacement that is cancelled: its end is told once', async () => {
  const broken = await serverIn('in_service', 'BRK');
  await serverIn('available', 'SPR');
  const assignment = { clusterId: null, nodeName: 'n1', imageDigest: 'sha256-1', rootDiskSerial: 'DISK-BRK', nodeUid: 'u' };
  await postgresServers(api.database).assign(broken, { ...assignment, nodeLabels: {} }, newId('operation'));
  const { id } = (await call('POST', `/v1/servers/${broken}/replacements`, {}, keyed())).body;
  for (const reason of ['the wrong rack', 'once more'])
    expect((await call('POST', `/v1/replacements/${id}/cancel`, { reason })).body.state).toBe('cancelled');
  expect(await told('replacement.ended', id)).toEqual([{ state: 'cancelled', code: 'operation_cancelled', ...WHO_AND_WHY }]);
});
