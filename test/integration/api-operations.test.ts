// Operations over real HTTP: begun once, woken, waited for, cancelled; refused where the life-cycle table says so.
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test, vi } from 'vitest';
import { furnish, type Json, newBmc, useApi } from './api-server.ts';

const api = useApi();
const { call, woken } = api;
let place: { siteId: string; rackId: string; networkId: string };

beforeAll(async () => {
  place = await furnish(call, 'TPE1');
});

let numbered = 0;
async function newServer(change: object = {}): Promise<string> {
  const n = ++numbered;
  const nics = { [`52:54:00:00:02:${n.toString(16).padStart(2, '0')}`]: { boot: true } };
  const { siteId, networkId } = place;
  const body = {
    name: `O${n}`,
    serial: `OP-${n}`,
    siteId,
    networkId,
    address: `10.77.0.${100 + n}`,
    nics,
    bmc: newBmc(),
    ...change,
  };
  return (await call('POST', '/v1/servers', body)).body.id;
}
const begin = (id: string, body: object, key: string = randomUUID()) =>
  call('POST', `/v1/servers/${id}/operations`, body, { 'idempotency-key': key });
const end = async (id: string): Promise<void> => {
  await api.sql(`update operations set state = 'succeeded', finished_at = now() where id = $1`, [id]);
  await api.sql('delete from server_leases where operation_id = $1', [id]);
};

test('onboarding answers 202 with the operation, moves the server, and wakes the workers', async () => {
  const id = await newServer();
  const begun = await begin(id, { type: 'onboard', reason: 'new in rack' });
  expect(begun).toMatchObject({
    status: 202,
    body: {
      kind: 'operation',
      type: 'onboard',
      target: { kind: 'server', id },
      state: 'running',
      done: false,
      reason: 'new in rack',
      requestedBy: { principal: 'local' },
      steps: [],
      error: null,
      cancel: { supported: true, requested: false },
    },
  });
  expect(begun.headers.get('location')).toBe(`/v1/operations/${begun.body.id}`);
  expect(begun.headers.get('retry-after')).toBe('5');
  expect(woken).toContain(begun.body.id);
  expect((await call('GET', `/v1/operations/${begun.body.id}`)).body).toEqual(begun.body);
  expect((await call('GET', `/v1/operations?serverId=${id}&state=running`)).body.items).toEqual([begun.body]);
  const server = (await call('GET', `/v1/servers/${id}`)).body;
  expect(server).toMatchObject({
    state: 'onboarding',
    stateCategory: 'progress',
    currentOperationId: begun.body.id,
    allowedOperations: [{ type: 'cancel', blockedBy: [] }],
  });
});

test('a key is required, and the same one starts the same operation once', async () => {
  const id = await newServer();
  expect(await call('POST', `/v1/servers/${id}/operations`, { type: 'onboard' })).toMatchObject({
    status: 400,
    body: { code: 'idempotency_key_required' },
  });
  const key = randomUUID();
  const first = await begin(id, { type: 'onboard', reason: 'x' }, key);
  const again = await begin(id, { reason: 'x', type: 'onboard' }, `"${key}"`);
  expect(again).toMatchObject({ status: 202, body: first.body });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(await begin(id, { type: 'onboard', reason: 'y' }, key)).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_reused' },
  });
  expect((await call('GET', `/v1/operations?serverId=${id}`)).body.items).toHaveLength(1);
});

test('twenty requests at once, with one key or with twenty, start one operation', async () => {
  const id = await newServer();
  const key = randomUUID();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => begin(id, { type: 'onboard' }, n % 2 ? key : randomUUID())),
  );
  expect(answers.filter((answer) => answer.status === 202 && answer.headers.get('idempotency-replayed') === null)).toHaveLength(
    1,
  );
  for (const { status, body } of answers) {
    if (status !== 202) expect([409, body.code]).toContain(status === 409 ? body.code : 'another status');
    if (status === 409) expect(['operation_in_progress', 'idempotency_in_progress', 'not_allowed_in_state']).toContain(body.code);
  }
  expect((await call('GET', `/v1/operations?serverId=${id}`)).body.items).toHaveLength(1);
});

test('what the state, the record or the parameters do not allow is refused before anything moves', async () => {
  const id = await newServer();
  const bare = await newServer({ bmc: null });
  const digest = `sha256-${'a'.repeat(64)}`;
  expect(await begin(id, { type: 'release' })).toMatchObject({
    status: 409,
    body: { code: 'not_allowed_in_state', params: { state: 'registered', event: 'release' } },
  });
  expect(await begin(bare, { type: 'onboard' })).toMatchObject({ status: 409, body: { code: 'bmc_missing' } });
  expect(await begin(id, { type: 'provision', params: { imageDigest: digest } })).toMatchObject({
    status: 404,
    body: { code: 'image_unknown' },
  });
  expect(await begin(id, { type: 'provision', params: { imageDigest: digest, disk: 'sda' } })).toMatchObject({
    status: 400,
    body: { code: 'unknown_field', errors: [{ pointer: '/params/disk' }] },
  });
  expect(await begin(id, { type: 'explode' })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(await begin('srv_01JD9Z0000000000000000000A', { type: 'onboard' })).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
  expect((await call('GET', `/v1/servers/${id}`)).body).toMatchObject({
    state: 'registered',
    version: 1,
    currentOperationId: null,
  });
  expect((await call('GET', `/v1/servers/${bare}`)).body.allowedOperations[0]).toEqual({
    type: 'onboard',
    blockedBy: [{ code: 'bmc_missing' }],
  });
});

test('a node in service is re-imaged with the image that it has or another one; elsewhere the table refuses it', async () => {
  const id = await newServer();
  expect(await begin(id, { type: 'reimage' })).toMatchObject({
    status: 409,
    body: { code: 'not_allowed_in_state', params: { state: 'registered', event: 'reimage' } },
  });
  await api.sql(`update servers set state = 'in_service' where id = $1`, [id]);
  const unknown = { imageDigest: `sha256-${'b'.repeat(64)}` };
  expect(await begin(id, { type: 'reimage', params: unknown })).toMatchObject({ status: 404, body: { code: 'image_unknown' } });
  expect(await begin(id, { type: 'reimage', params: { rootDiskSerial: 'D1' } })).toMatchObject({ status: 400 });
  expect((await call('GET', `/v1/servers/${id}`)).body.allowedOperations).toContainEqual({ type: 'reimage', blockedBy: [] });
  const begun = await begin(id, { type: 'reimage', params: { drain: { policy: 'force', minutes: 5 } } });
  expect(begun).toMatchObject({ status: 202, body: { type: 'reimage', params: { drain: { policy: 'force', minutes: 5 } } } });
  expect((await call('GET', `/v1/servers/${id}`)).body).toMatchObject({ state: 'reimaging', stateCategory: 'progress' });
});

test('retiring what was never inspected is done at once, and what a running operation relies on cannot be changed', async () => {
  const id = await newServer();
  const { body: operation } = await begin(id, { type: 'onboard' });
  const outcome = { outcome: 'returned_to_vendor' };
  expect(await begin(id, { type: 'retire', params: outcome })).toMatchObject({ status: 409 });
  expect(await begin(id, { type: 'retire' })).toMatchObject({ status: 400 });
  const patch = (body: object) => call('PATCH', `/v1/servers/${id}`, body, { 'if-match': '*' });
  expect(await patch({ serial: 'OTHER' })).toMatchObject({
    status: 409,
    body: { code: 'operation_in_progress', params: { operationId: operation.id } },
  });
  expect((await patch({ labels: { note: 'x' } })).status).toBe(200);

  const other = await newServer();
  const retired = await begin(other, { type: 'retire', params: outcome, reason: 'sold' });
  expect(retired).toMatchObject({
    status: 200,
    body: {
      kind: 'server',
      state: 'retired',
      stateCategory: 'leaving',
      allowedOperations: [],
      retiredAs: 'returned_to_vendor',
      bmc: { hasCredentials: false },
    },
  });
});

test('waiting ends when the operation does, or when the time is over', async () => {
  const id = await newServer();
  const { body: operation } = await begin(id, { type: 'onboard' });
  const path = `/v1/operations/${operation.id}`;
  const started = performance.now();
  expect((await call('GET', `${path}?wait=1s`)).body.done).toBe(false);
  expect(performance.now() - started).toBeGreaterThan(900);

  // Who waited longer for another operation, and has as much time, is not answered before: it was not the time that ended it.
  const { body: other } = await begin(await newServer(), { type: 'onboard' });
  const enough = new AbortController();
  const answered: string[] = [];
  const waitFor = async (name: string, url: string): Promise<Json> => {
    const answer = await fetch(`${api.url}${url}?wait=30s`, { signal: enough.signal });
    answered.push(name);
    return answer.json();
  };
  const otherWaiting = waitFor('other', `/v1/operations/${other.id}`).catch(() => undefined);
  const waiting = waitFor('ended', path);
  await vi.waitFor(() => expect(api.log()).toContain(`${path}?wait=30s`), { timeout: 20_000 });
  await end(operation.id);
  // Any event about the operation makes the waiting look again.
  await api.sql(
    `with taken as (update event_sequence set last_seq = last_seq + 1 returning last_seq)
     insert into events (seq, kind, subject_kind, subject_id, operation_id) select last_seq, 'operation.ended', 'operation', $1, $1 from taken`,
    [operation.id],
  );
  await api.sql(`select pg_notify('rackwright_events', '')`);
  expect(await waiting).toMatchObject({ state: 'succeeded', done: true, cancel: { supported: false } });
  expect(answered).toEqual(['ended']);
  enough.abort();
  await otherWaiting;
  expect(await call('GET', `${path}?wait=soon`)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/query/wait' }] } });
});

test('cancelling may be repeated, and is refused at the end', async () => {
  const id = await newServer();
  const { body: operation } = await begin(id, { type: 'onboard' });
  const cancel = () => call('POST', `/v1/operations/${operation.id}/cancel`, {});
  expect(await cancel()).toMatchObject({
    status: 202,
    body: { state: 'running', cancel: { supported: false, requested: true } },
  });
  expect((await cancel()).status).toBe(202);
  expect(woken.filter((each) => each === operation.id).length).toBeGreaterThanOrEqual(3);
  await end(operation.id);
  expect(await cancel()).toMatchObject({ status: 409, body: { code: 'operation_finished' } });
});

test('an operation shows its steps, what it waits for, and its error in the words of the catalogue', async () => {
  const id = await newServer();
  const { body: operation } = await begin(id, { type: 'onboard' });
  const error = {
    kind: 'fault',
    code: 'bmc_auth_failed',
    message: 'log in at 10.0.4.12 (Redfish): bmc_auth_failed',
    retry: 'never',
    facts: { address: '10.0.4.12' },
  };
  await api.sql(
    `insert into operation_steps (operation_id, position, name, state, attempt, started_at, deadline_at, updated_at, error)
     values ($1, 1, 'identify', 'done', 1, now() - interval '3 seconds', now(), now() - interval '1 second', null),
            ($1, 2, 'boot', 'failed', 2, now(), now(), now(), $2)`,
    [operation.id, JSON.stringify(error)],
  );
  await api.sql(`update operations set waiting_for = $2, error = $3 where id = $1`, [
    operation.id,
    JSON.stringify({
      code: 'agent_report',
      since: '2026-11-22T08:00:00.000Z',
      until: '2026-11-22T08:20:00.000Z',
      unblockedBy: 'the agent',
    }),
    JSON.stringify(error),
  ]);
  const { body } = await call('GET', `/v1/operations/${operation.id}`);
  expect(body).toMatchObject({
    progress: { stepsDone: 1 },
    steps: [
      { name: 'identify', state: 'done', error: null },
      { name: 'boot', state: 'failed', attempt: 2, error: { code: 'bmc_auth_failed' } },
    ],
    waitingFor: { code: 'agent_report', unblockedBy: 'the agent', params: {} },
    error: { code: 'bmc_auth_failed', title: 'The BMC refuses the credentials', params: { address: '10.0.4.12' } },
  });
  expect(body.steps[0].durationSeconds).toBeCloseTo(2, 0);
});
