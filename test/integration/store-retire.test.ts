// Retiring on a real Postgres: no evidence, no end; certificates that stay as they were issued; answers that are given once.
import { createHash } from 'node:crypto';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import type { ErasureEvidence } from '@rackwright/domain/erasure.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { timelineOf } from '@rackwright/store/events.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore, type Run, type RunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresAnswers } from '@rackwright/store/ports/postgres-answers.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inspectionWith, type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { beforeAll, expect, test } from 'vitest';

const db = useTestDatabase();
const HOUR = 3_600_000;
const at = '2026-01-02T03:04:05.000Z';
let stock: Stock;
let runs: RunStore;

beforeAll(async () => {
  stock = await stockInventory(db.database);
  runs = postgresRunStore(db.database);
});

const evidenceOf = (serial: string, change: Partial<ErasureEvidence> = {}): ErasureEvidence => ({
  serial,
  method: 'nvme_format',
  sizeBytes: 10,
  readBack: 'zero',
  checkedBytes: 10,
  startedAt: at,
  finishedAt: at,
  ...change,
});

async function claim(operationId: OperationId): Promise<Run> {
  const run = await runs.claim(operationId, 'w1', HOUR);
  if (typeof run === 'string') throw new Error(`not claimed: ${run}`);
  return run;
}

async function retiring(serials: string[]): Promise<{ id: ServerId; operationId: OperationId }> {
  const id = await stock.addServerIn('available');
  await postgresServers(db.database).acceptHardware(id, inspectionWith(serials), newId('operation'));
  return { id, operationId: await stock.begin(id, 'retire', { outcome: 'scrapped' }) };
}

test.each([
  ['nothing', [], 'quarantined'],
  ['one disk of two', [evidenceOf('A1')], 'quarantined'],
  ['a disk that read back as something', [evidenceOf('A1'), evidenceOf('A2', { readBack: 'not_zero' })], 'quarantined'],
  ['every disk', [evidenceOf('A1'), evidenceOf('A2')], 'retired'],
])('a retirement that says it finished, with evidence of %s', async (_, evidence, state) => {
  const { id, operationId } = await retiring(['A1', 'A2']);
  expect(await stock.inventory.servers.get(id)).toMatchObject({ state: 'retiring', hasBmcCredentials: true, retiredAs: null });
  await postgresErasures(db.database).record(id, operationId, evidence);
  await runs.finish(await claim(operationId));
  const closed = state === 'retired';
  expect(await stock.inventory.servers.get(id)).toMatchObject({
    state,
    hasBmcCredentials: !closed,
    retiredAs: closed ? 'scrapped' : null,
  });
  const [moved] = (await timelineOf(db.database, id, 50)).filter(({ kind }) => kind === 'server.moved');
  expect(moved?.payload).toMatchObject(closed ? { to: 'retired', retiredAs: 'scrapped' } : { to: 'quarantined' });
});

test('a server whose disks were counted is never written off, whatever state it is found in', async () => {
  const { move } = stock.inventory.servers;
  const who = { by: 'test', reason: '', retiredAs: 'scrapped' } as const;
  const known = await stock.addServerIn('onboarding_failed');
  await postgresServers(db.database).acceptHardware(known, inspectionWith(['B1']), newId('operation'));
  await expect(move(known, 'write_off', who)).rejects.toMatchObject({ code: 'disks_may_hold_data' });
  const dead = await stock.addServerIn('onboarding_failed');
  expect(await move(dead, 'write_off', who)).toMatchObject({ state: 'retired', retiredAs: 'scrapped', hasBmcCredentials: false });
  await expect(
    db.database.query(`update servers set retired_as = 'scrapped' where id = $1`, [await stock.addServer()]),
  ).rejects.toThrow('servers_retired_as');
});

test('a certificate stays as it was issued, though the server is renamed and the evidence told again', async () => {
  const { certificates, servers } = stock.inventory;
  const { id, operationId } = await retiring(['C1', 'C2']);
  const { name } = await servers.get(id);
  const erasures = postgresErasures(db.database);
  await erasures.record(id, operationId, [evidenceOf('C1'), evidenceOf('C2', { readBack: 'unreadable' })]);
  const issued = await certificates.get('C1');
  expect(issued.certificate).toMatchObject({
    disk: { serial: 'C1' },
    operation: { id: operationId, type: 'retire-server', requestedBy: 'test' },
    server: { id, name },
  });
  expect(issued.digest).toBe(`sha256-${createHash('sha256').update(canonicalJson(issued.certificate)).digest('hex')}`);

  await servers.update(id, 'any', { name: `${name}-renamed` });
  await erasures.record(id, operationId, [evidenceOf('C1')]);
  expect(await certificates.get('C1', operationId)).toEqual(issued);
  await expect(certificates.get('C2')).rejects.toMatchObject({ code: 'erasure_not_proven' });
  await expect(certificates.get('C9')).rejects.toMatchObject({ code: 'not_found' });
  const told = (await timelineOf(db.database, id, 50)).filter(({ kind }) => kind === 'server.disk_erased');
  expect(told.map(({ payload }) => [payload['serial'], payload['proven']])).toEqual([
    ['C2', false],
    ['C1', true],
  ]);
});

test('a certificate that somebody changed by hand is not shown', async () => {
  const { id, operationId } = await retiring(['D1']);
  await postgresErasures(db.database).record(id, operationId, [evidenceOf('D1')]);
  await db.database.query(
    `update erasures set certificate = jsonb_set(certificate, '{erasure,checkedBytes}', '99') where disk_serial = 'D1'`,
  );
  await expect(stock.inventory.certificates.get('D1')).rejects.toMatchObject({ code: 'certificate_damaged', retry: 'never' });
});

test('the export gives each certificate once, in order, over as many pages as it takes', async () => {
  const serials = Array.from({ length: 1_203 }, (_, n) => `X${String(n).padStart(4, '0')}`);
  const { id, operationId } = await retiring(serials);
  await postgresErasures(db.database).record(
    id,
    operationId,
    serials.map((serial) => evidenceOf(serial)),
  );
  // Many of one moment, as after a real erasure of a full shelf.
  await db.database.query(`update erasures set recorded_at = '2020-05-05T00:00:00Z' where operation_id = $1`, [operationId]);
  const read = async (from: string, to: string) => {
    const seen: string[] = [];
    for await (const { certificate } of stock.inventory.certificates.issuedBetween(from, to)) seen.push(certificate.disk.serial);
    return seen;
  };
  expect(await read('2020-05-05T00:00:00Z', '2020-05-06T00:00:00Z')).toEqual(serials);
  expect(await read('2020-05-04T00:00:00Z', '2020-05-05T00:00:00Z')).toEqual([]);
});

test('an answer is taken once, only while it is asked for, and wakes the operation', async () => {
  const { operations } = stock.inventory;
  const operationId = await stock.begin(await stock.addServerIn('in_service'), 'release');
  const word = { answer: 'confirm_power_off', person: 'Chen Mei', evidence: 'cords pulled' } as const;
  await expect(operations.answer(operationId, word, 'noc')).rejects.toMatchObject({ code: 'nothing_asked' });
  const later = new Date(Date.now() + HOUR).toISOString();
  await runs.suspend(await claim(operationId), later, { code: 'fence_unproven', since: at, until: later, unblockedBy: 'x' });
  await expect(operations.answer(operationId, { answer: 'force' }, 'noc')).rejects.toMatchObject({
    code: 'nothing_asked',
    facts: { waitingFor: 'fence_unproven' },
  });
  const answers = postgresAnswers(db.database);
  expect(await answers.find(operationId, 'fence_unproven')).toBeUndefined();

  await Promise.all(Array.from({ length: 10 }, () => operations.answer(operationId, word, 'noc')));
  expect(await answers.find(operationId, 'fence_unproven')).toMatchObject({ ...word, by: 'noc', at: expect.any(String) });
  expect(await runs.due(1000)).toContain(operationId);
  await expect(operations.answer(operationId, { ...word, person: 'somebody else' }, 'noc')).rejects.toMatchObject({
    code: 'already_answered',
    facts: { by: 'noc', answer: 'confirm_power_off' },
  });
  const { serverId } = await operations.get(operationId);
  const told = (await timelineOf(db.database, serverId, 50)).filter(({ kind }) => kind === 'operation.answered');
  expect(told.map(({ payload }) => payload)).toEqual([{ question: 'fence_unproven', ...word, by: 'noc' }]);
});
