// Offboarding over real HTTP: what is asked is answered, what is erased is certified, exported and printable.
import { createHash, randomUUID } from 'node:crypto';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import { beforeAll, expect, test } from 'vitest';
import { furnish, newBmc, useApi } from './api-server.ts';

const api = useApi();
const { call, woken } = api;
let place: { siteId: string; networkId: string };
beforeAll(async () => {
  place = await furnish(call, 'TPE2');
});

let numbered = 0;
async function serverIn(state: string, disks: string[] | null = null): Promise<string> {
  const n = ++numbered;
  const { siteId, networkId } = place;
  const nics = { [`52:54:00:00:03:${n.toString(16).padStart(2, '0')}`]: { boot: true } };
  const body = { name: `W${n}`, serial: `WS-${n}`, siteId, networkId, address: `10.77.0.${100 + n}`, nics, bmc: newBmc() };
  const { id } = (await call('POST', '/v1/servers', body)).body;
  await api.sql('update servers set state = $2::server_state where id = $1', [id, state]);
  if (disks) {
    const inspection = {
      system: { manufacturer: 'Acme', product: 'R1' },
      cpu: { model: 'C', cores: 8 },
      memoryBytes: 1,
      nics: [],
      disks: disks.map((serial) => ({ serial, wwn: 'eui.1', model: 'M <1>', kind: 'nvme', sizeBytes: 4_000 })),
    };
    await api.sql(`insert into accepted_hardware (server_id, inspection, operation_id) values ($1, $2, 'op_x')`, [
      id,
      JSON.stringify(inspection),
    ]);
  }
  return id;
}
const begin = (id: string, body: object) =>
  call('POST', `/v1/servers/${id}/operations`, body, { 'idempotency-key': randomUUID() });
const RETIRE = { type: 'retire', params: { outcome: 'scrapped' }, reason: 'end of lease' };

test('an inspected server is retired by an operation, an uninspected one at once', async () => {
  const inspected = await serverIn('available', ['R-1']);
  expect((await call('GET', `/v1/servers/${inspected}`)).body.allowedOperations).toContainEqual({
    type: 'retire',
    blockedBy: [],
  });
  expect(await begin(inspected, RETIRE)).toMatchObject({
    status: 202,
    body: { kind: 'operation', type: 'retire', params: { outcome: 'scrapped' }, reason: 'end of lease' },
  });
  expect((await call('GET', `/v1/servers/${inspected}`)).body).toMatchObject({
    state: 'retiring',
    stateCategory: 'leaving',
    retiredAs: null,
    bmc: { hasCredentials: true },
  });
  expect(await begin(await serverIn('registered'), RETIRE)).toMatchObject({
    status: 200,
    body: { kind: 'server', state: 'retired', retiredAs: 'scrapped', bmc: { hasCredentials: false } },
  });
});

test('what failed its first onboarding is written off, what was inspected once is not', async () => {
  const writeOff = { ...RETIRE, type: 'write_off' };
  const dead = await serverIn('onboarding_failed');
  expect((await call('GET', `/v1/servers/${dead}`)).body.allowedOperations).toEqual([
    { type: 'onboard', blockedBy: [] },
    { type: 'write_off', blockedBy: [] },
    { type: 'retire', blockedBy: [{ code: 'hardware_not_accepted' }] },
    { type: 'isolate', blockedBy: [] },
  ]);
  expect(await begin(dead, RETIRE)).toMatchObject({ status: 409, body: { code: 'hardware_not_accepted' } });
  expect(await begin(dead, writeOff)).toMatchObject({ status: 200, body: { state: 'retired' } });
  const known = await serverIn('onboarding_failed', ['R-2']);
  expect(await begin(known, writeOff)).toMatchObject({ status: 409, body: { code: 'disks_may_hold_data' } });
  expect(await begin(await serverIn('in_service', ['R-3']), RETIRE)).toMatchObject({
    status: 409,
    body: { code: 'not_allowed_in_state', params: { state: 'in_service', event: 'retire' } },
  });
});

async function releasingThatWaits(waitingFor: object): Promise<string> {
  const { body } = await begin(await serverIn('in_service', ['Q-1']), {
    type: 'release',
    params: { drain: { policy: 'ask', minutes: 5 } },
  });
  const times = { since: '2026-11-22T08:00:00.000Z', until: '2026-11-23T08:00:00.000Z', unblockedBy: 'a person' };
  await api.sql('update operations set waiting_for = $2 where id = $1', [body.id, JSON.stringify({ ...times, ...waitingFor })]);
  return `/v1/operations/${body.id}`;
}

test('a blocked drain shows pods, budgets and since when, and takes force or keep', async () => {
  const blocker = { pod: 'shop/db-0', budget: 'shop/db', blockedBy: 'needs 2, has 2', since: '2026-11-22T07:55:00.000Z' };
  const path = await releasingThatWaits({ code: 'operator_answer', facts: { pods: 1, ...blocker }, blockers: [blocker] });
  expect((await call('GET', path)).body).toMatchObject({
    params: { drain: { policy: 'ask', minutes: 5 } },
    waitingFor: { code: 'operator_answer', params: { pods: 1, ...blocker }, blockers: [blocker] },
  });
  const answer = (body: object) => call('POST', `${path}/answers`, body);
  expect(await answer({ answer: 'perhaps' })).toMatchObject({ status: 400 });
  expect(await answer({ answer: 'confirm_power_off', person: 'x', evidence: 'y' })).toMatchObject({
    status: 409,
    body: { code: 'nothing_asked', params: { waitingFor: 'operator_answer' } },
  });
  const given = await answer({ answer: 'force' });
  expect(given).toMatchObject({ status: 202, body: { kind: 'operation', state: 'running' } });
  expect(woken).toContain(given.body.id);
  expect((await answer({ answer: 'force' })).status).toBe(202);
  expect(await answer({ answer: 'keep' })).toMatchObject({
    status: 409,
    body: { code: 'already_answered', params: { by: 'local', answer: 'force' } },
  });
});

test('a machine without a working BMC is confirmed off by a named person who says what they saw', async () => {
  const path = await releasingThatWaits({ code: 'fence_unproven', facts: { because: 'bmc_unreachable' } });
  const answer = (body: object) => call('POST', `${path}/answers`, { answer: 'confirm_power_off', ...body });
  for (const nobody of [{}, { person: ' ', evidence: 'x' }, { person: 'Chen Mei' }])
    expect(await answer(nobody)).toMatchObject({ status: 400 });
  expect((await answer({ person: 'Chen Mei', evidence: 'cords pulled' })).status).toBe(202);
  const [event] = await api.sql<{ payload: object }>(
    `select payload from events where kind = 'operation.answered' order by seq desc limit 1`,
  );
  expect(event?.payload).toEqual({
    question: 'fence_unproven',
    answer: 'confirm_power_off',
    person: 'Chen Mei',
    evidence: 'cords pulled',
    by: 'local',
  });
  await api.sql(`update operations set state = 'failed', finished_at = now() where id = $1`, [path.split('/').at(-1)]);
  expect(await answer({ person: 'Chen Mei', evidence: 'cords pulled' })).toMatchObject({
    status: 409,
    body: { code: 'operation_finished' },
  });
});

const erasedAt = '2026-03-01T10:00:00.000Z';
/** As the store writes it; the worker's side of it is tested in store-retire.test.ts. */
async function erased(serverId: string, serial: string, certified = true): Promise<{ certificate: object; digest: string }> {
  const evidence = {
    serial,
    method: 'ata_secure_erase',
    sizeBytes: 4_000,
    readBack: 'zero',
    checkedBytes: 400,
    startedAt: erasedAt,
    finishedAt: erasedAt,
  };
  const { serial: _serial, ...erasure } = evidence;
  const operationId = `op_${'0'.repeat(24)}${String(++numbered).padStart(2, '0')}`;
  const certificate = {
    version: 1,
    disk: { serial, wwn: '', model: 'M <1>', kind: 'ssd', sizeBytes: 4_000 },
    erasure,
    operation: { id: operationId, type: 'retire-server', requestedBy: 'ann', reason: 'end of lease' },
    server: { id: serverId, name: 'W', serial: 'WS', assetTag: null, manufacturer: 'Acme', product: 'R1' },
    recordedAt: erasedAt,
  };
  const digest = `sha256-${createHash('sha256').update(canonicalJson(certificate)).digest('hex')}`;
  await api.sql(
    `insert into erasures (operation_id, disk_serial, server_id, evidence, certificate, digest, recorded_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      operationId,
      serial,
      serverId,
      JSON.stringify(evidence),
      certified ? JSON.stringify(certificate) : null,
      certified ? digest : null,
      erasedAt,
    ],
  );
  return { certificate, digest };
}
const certificateOf = (serial: string, accept = 'application/json') =>
  fetch(`${api.url}/v1/erasure-certificates/${encodeURIComponent(serial)}`, { headers: { accept } });

test('a certificate is read by the serial of its drive, and its digest can be checked by whoever holds it', async () => {
  const id = await serverIn('retired');
  const serial = `WD-${'9'.repeat(90)} /#1`;
  const { certificate, digest } = await erased(id, serial);
  const answer = await certificateOf(serial);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  const body = (await answer.json()) as { certificate: object; digest: string };
  expect(body).toEqual({ kind: 'erasure_certificate', certificate, digest });
  expect(`sha256-${createHash('sha256').update(canonicalJson(body.certificate)).digest('hex')}`).toBe(digest);
  const { items } = (await call('GET', `/v1/servers/${id}/erasures`)).body;
  expect(items).toMatchObject([{ serial, method: 'ata_secure_erase', digest }]);
  expect((await certificateOf('no-such-drive')).status).toBe(404);
  await erased(id, 'BAD-1', false);
  expect(await (await certificateOf('BAD-1')).json()).toMatchObject({ code: 'erasure_not_proven', params: { serial: 'BAD-1' } });
});

test('a browser gets a page to print that runs nothing', async () => {
  const { digest } = await erased(await serverIn('retired'), 'PRINT-<1>');
  const answer = await certificateOf('PRINT-<1>', 'text/html,application/xhtml+xml,*/*;q=0.8');
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  const page = await answer.text();
  for (const said of ['Certificate of data erasure', 'PRINT-&lt;1&gt;', 'ATA Secure Erase', 'ann', digest])
    expect(page).toContain(said);
});

test('all certificates of a stretch of time are exported as lines of JSON', async () => {
  const path = (from: string, to: string) => `${api.url}/v1/erasure-certificates?from=${from}&to=${to}`;
  const answer = await fetch(path('2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'));
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await answer.text()).trimEnd().split('\n');
  const serials = lines.map(
    (line) => (JSON.parse(line) as { certificate: { disk: { serial: string } } }).certificate.disk.serial,
  );
  expect(serials.length).toBe(2);
  expect(serials).toContain('PRINT-<1>');
  expect(await (await fetch(path('2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z'))).text()).toBe('');
  expect((await fetch(path('2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z'))).status).toBe(400);
  expect((await fetch(`${api.url}/v1/erasure-certificates`)).status).toBe(400);
});
