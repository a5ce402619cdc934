// A webhook's own life: made, its secret told once, changed, tried out, rotated, switched off by us or by them, on again, forgotten.
import { pruneEvents } from '@rackwright/store/events.ts';
import { forgetDeliveries } from '@rackwright/store/webhooks/delivery-log.ts';
import { expect, test } from 'vitest';
import { verifyInPython } from './webhook-receiver.ts';
import { eventually, QUICK, useWebhooks } from './webhook-world.ts';

const world = useWebhooks();
const { api } = world;
const { call } = api;
const numbers = (received: { message: { data: { payload: { n: number } } } }[]) =>
  received.map(({ message }) => message.data.payload.n);
const eventsOf = (id: string) =>
  api.sql<{ kind: string; payload: object }>('select kind, payload from events where subject_id = $1 order by seq', [id]);

test('made, read, listed, changed, deleted; the secret is told once and lies sealed', async () => {
  const { id, secret, created } = await world.hook({ name: 'first', kinds: ['server.moved', 'operation'], subjectId: 'srv_1' });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(created).toMatchObject({
    kind: 'webhook',
    name: 'first',
    kinds: ['server.moved', 'operation'],
    subjectId: 'srv_1',
    enabled: true,
    disabled: null,
    secrets: [{ expiresAt: null }],
    delivery: { pending: 0, failingSince: null, lastError: null },
  });
  const { secret: _, ...told } = created;
  const read = await call('GET', '/v1/webhooks/name:first');
  expect(read.body).toEqual(told);
  expect((await call('GET', '/v1/webhooks')).body.items).toEqual([told]);
  const stale = await call('PATCH', `/v1/webhooks/${id}`, { kinds: [] }, { 'if-match': '"9"' });
  expect([stale.status, stale.body.code]).toEqual([412, 'precondition_failed']);
  const changed = await call(
    'PATCH',
    `/v1/webhooks/${id}`,
    { kinds: [], subjectId: null },
    { 'if-match': read.headers.get('etag') ?? '' },
  );
  expect(changed.body).toMatchObject({ kinds: [], subjectId: null, version: 2, name: 'first' });
  const raw = secret.slice('whsec_'.length);
  for (const table of ['webhooks', 'webhook_secrets', 'events', 'idempotency_keys']) {
    const [row] = await api.sql<{ text: string }>(`select coalesce(string_agg(t::text, ' '), '') as text from ${table} t`);
    expect(row?.text).not.toContain(raw);
    expect(row?.text).not.toContain(Buffer.from(secret).toString('hex'));
  }
  expect((await call('DELETE', `/v1/webhooks/${id}`, undefined, { 'if-match': '*' })).status).toBe(204);
  expect((await call('GET', `/v1/webhooks/${id}`)).body.code).toBe('not_found');
  expect((await eventsOf(id)).map(({ kind }) => kind)).toEqual(['webhook.created', 'webhook.updated', 'webhook.deleted']);
});

test('asked twice with one key, made once, and the secret is not told again', async () => {
  const body = { name: 'twice', url: 'https://hooks.example.com/' };
  const first = await call('POST', '/v1/webhooks', body, { 'idempotency-key': 'k1' });
  const second = await call('POST', '/v1/webhooks', body, { 'idempotency-key': 'k1' });
  expect(first.body.secret).toMatch(/^whsec_/);
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  const { secret, ...rest } = first.body;
  expect(second.body).toEqual(rest);
  const [row] = await api.sql<{ text: string }>('select response::text as text from idempotency_keys');
  expect(row?.text).toContain('twice');
  expect(row?.text).not.toContain(secret);
});

test.each([
  [{ url: 'http://10.0.0.1/' }, 'webhook_target_refused'],
  [{ url: 'https://169.254.169.254/latest' }, 'webhook_target_refused'],
  [{ url: 'https://[::1]/' }, 'webhook_target_refused'],
  [{ url: 'https://user:word@hooks.example.com/' }, 'webhook_target_refused'],
  [{ url: 'nonsense' }, 'webhook_target_refused'],
  [{ kinds: ['Server Moved'] }, 'invalid_request'],
  [{ secret: 'whsec_mine' }, 'unknown_field'],
])('%j is refused: %s', async (change, code) => {
  const body = { name: 'refused', url: 'https://hooks.example.com/', ...change };
  const answer = await call('POST', '/v1/webhooks', body);
  expect([answer.status, answer.body.code]).toEqual([400, code]);
  expect(JSON.stringify(answer.body)).not.toContain('word');
});

test('names are unique, and there is a limit', async () => {
  await world.hook({ name: 'one' });
  expect((await call('POST', '/v1/webhooks', { name: 'one', url: 'https://hooks.example.com/' })).body.code).toBe('name_taken');
  await api.sql(
    `insert into webhooks (id, name, url) select 'whk_' || n, 'filler-' || n, 'https://x' from generate_series(1, 99) n`,
  );
  expect((await call('POST', '/v1/webhooks', { name: 'more', url: 'https://hooks.example.com/' })).body.code).toBe(
    'too_many_webhooks',
  );
});

test('a test is sent once and tells what came of it', async () => {
  const { id, receiver, secret } = await world.hook();
  receiver.answer(() => 503);
  const asked = await call('POST', `/v1/webhooks/${id}/test`);
  expect([asked.status, asked.body.state, asked.body.type]).toEqual([202, 'pending', 'webhook.test']);
  world.courier();
  const look = async () => (await call('GET', asked.headers.get('location') ?? '')).body;
  await eventually(async () => expect(await look()).toMatchObject({ state: 'given_up', attempts: 1, log: [{ status: 503 }] }));
  receiver.answer(() => 200);
  await call('POST', `/v1/webhooks/${id}/test`);
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect(receiver.received[1]?.message).toMatchObject({ type: 'webhook.test', data: { subject: { kind: 'webhook', id } } });
  expect(verifyInPython(receiver.received, [secret])).toEqual([[0], [0]]);
  await call('POST', `/v1/webhooks/${id}/disable`);
  expect((await call('POST', `/v1/webhooks/${id}/test`)).body.code).toBe('webhook_disabled');
});

test('while a rotation overlaps both secrets sign; a rotation without overlap ends the old ones at once', async () => {
  const { id, receiver, secret: first } = await world.hook();
  world.courier();
  const rotated = await call('POST', `/v1/webhooks/${id}/rotate-secret`, { overlapSeconds: 3600 });
  const second = rotated.body.secret;
  expect(second).not.toBe(first);
  expect(rotated.body.secrets.map(({ expiresAt }: { expiresAt: string | null }) => expiresAt === null)).toEqual([true, false]);
  await world.happen('srv_1', { n: 0 });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  expect(verifyInPython(receiver.received, [first, second])).toEqual([[0, 1]]);
  const third = (await call('POST', `/v1/webhooks/${id}/rotate-secret`, { overlapSeconds: 0 })).body.secret;
  await world.happen('srv_1', { n: 1 });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect(verifyInPython(receiver.received.slice(1), [first, second, third])).toEqual([[2]]);
  for (let i = 0; i < 4; i++) await call('POST', `/v1/webhooks/${id}/rotate-secret`);
  expect((await call('POST', `/v1/webhooks/${id}/rotate-secret`)).body.code).toBe('too_many_secrets');
  expect(JSON.stringify(await world.read(id)) + api.log()).not.toContain(third.slice('whsec_'.length));
});

test('410 switches it off, with the reason and an event; switched on, it goes on where it stopped', async () => {
  const { id, receiver } = await world.hook();
  receiver.answer(() => 410);
  await world.happen('srv_1', { n: 0 });
  world.courier();
  await eventually(async () =>
    expect(await world.read(id)).toMatchObject({
      enabled: false,
      disabled: { reason: 'receiver_gone' },
      delivery: { pending: 1, lastError: 'HTTP 410' },
    }),
  );
  expect((await eventsOf(id)).at(-1)).toEqual({
    kind: 'webhook.disabled',
    payload: { reason: 'receiver_gone', by: 'rackwright' },
  });
  await world.happen('srv_1', { n: 1 });
  await world.happen('srv_2', { n: 2 });
  receiver.answer(() => 200);
  const enabled = await call('POST', `/v1/webhooks/${id}/enable`);
  expect(enabled.body).toMatchObject({ enabled: true, disabled: null, delivery: { failingSince: null } });
  await eventually(() => expect(numbers(receiver.received).toSorted((a, b) => a - b)).toEqual([0, 0, 1, 2]));
});

test('switched off by an operator and on again without what happened meanwhile', async () => {
  const { id, receiver } = await world.hook();
  world.courier();
  expect((await call('POST', `/v1/webhooks/${id}/disable`)).body).toMatchObject({
    enabled: false,
    disabled: { reason: 'operator' },
  });
  await world.happen('srv_1', { n: 0 });
  await call('POST', `/v1/webhooks/${id}/enable`, { backlog: 'skip' });
  await world.happen('srv_1', { n: 1 });
  await eventually(() => expect(numbers(receiver.received)).toEqual([1]));
});

test('a receiver that takes nothing for days is switched off; nothing of its line is given up', async () => {
  const { id, receiver } = await world.hook();
  receiver.answer(() => 500);
  await world.happen('srv_1', { n: 0 }, { n: 1 });
  world.courier({ policy: { ...QUICK, disableAfterMs: 1_200 } });
  await eventually(async () =>
    expect(await world.read(id)).toMatchObject({ disabled: { reason: 'failing_too_long' }, delivery: { pending: 2 } }),
  );
  const count = receiver.received.length;
  expect(count).toBeGreaterThan(1);
  receiver.answer(() => 200);
  await call('POST', `/v1/webhooks/${id}/enable`);
  await eventually(() => expect(numbers(receiver.received).slice(count)).toEqual([0, 1]));
});

test('after an outage the first message that is taken brings the others out of their long waits', async () => {
  const { receiver } = await world.hook();
  receiver.answer(() => 500);
  await world.happen('srv_1', { n: 1 });
  await world.happen('srv_2', { n: 2 });
  const hour = 3_600_000;
  world.courier({ policy: { ...QUICK, firstRetryMs: hour, longestRetryMs: hour, disableAfterMs: hour, outageMs: 1 } });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  receiver.answer(() => 200);
  await world.happen('srv_3', { n: 3 });
  await eventually(() =>
    expect(
      numbers(receiver.received)
        .slice(2)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2, 3]),
  );
});

test('an enabled webhook holds events back from being forgotten; a disabled one is told what it lost', async () => {
  const { id, receiver } = await world.hook();
  await world.happen('srv_1', { n: 0 }, { n: 1 });
  const age = (days: number) => api.sql(`update events set at = now() - make_interval(days => $1)`, [days]);
  await age(10);
  const left = () => api.sql(`select 1 from events where server_id = 'srv_1'`);
  await pruneEvents(api.database, 7);
  expect(await left()).toHaveLength(2);
  await call('POST', `/v1/webhooks/${id}/disable`);
  await age(10);
  await pruneEvents(api.database, 7);
  expect(await left()).toHaveLength(0);
  await call('POST', `/v1/webhooks/${id}/enable`);
  await world.happen('srv_1', { n: 2 });
  world.courier();
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect(new Set(receiver.received.map(({ message }) => message.type))).toEqual(
    new Set(['server.updated', 'webhook.events_lost']),
  );
});

test('a line that is full leaves the rest in the outbox, and gets there all the same', async () => {
  const { id, receiver } = await world.hook();
  receiver.answer(() => 500);
  for (let batch = 0; batch < 3; batch++) {
    await world.happen('srv_1', ...Array.from({ length: 500 }, (_, i) => ({ n: batch * 500 + i })));
  }
  const stopped = world.courier();
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(3));
  await eventually(async () => expect((await world.read(id)).delivery.pending).toBe(1000));
  await stopped.close();
  receiver.answer(() => 200);
  const before = receiver.received.length;
  world.courier();
  await expect.poll(() => receiver.received.length - before, { timeout: 50_000, interval: 100 }).toBe(1500);
  expect(numbers(receiver.received.slice(before))).toEqual(Array.from({ length: 1500 }, (_, n) => n));
});

test('the log turns pages, and what ended a week ago is forgotten', async () => {
  const { id, receiver } = await world.hook();
  await world.happen('srv_1', ...Array.from({ length: 5 }, (_, n) => ({ n })));
  world.courier();
  await eventually(async () => expect(await world.deliveries(id, '?state=delivered')).toHaveLength(5));
  const first = (await call('GET', `/v1/webhooks/${id}/deliveries?limit=3`)).body;
  const second = (await call('GET', `/v1/webhooks/${id}/deliveries?limit=3&pageToken=${first.nextPageToken}`)).body;
  const listed = [...first.items, ...second.items].map(({ messageId }) => messageId);
  expect(listed).toEqual(receiver.received.map((one) => one.id).toReversed());
  expect(second.nextPageToken).toBeUndefined();
  const one = await call('GET', `/v1/webhooks/${id}/deliveries/${first.items[0].id}`);
  expect(one.body.body).toBe(receiver.received.at(-1)?.body.toString());
  await api.sql(`update webhook_deliveries set ended_at = now() - interval '8 days' where id <> $1`, [first.items[0].id]);
  expect(await forgetDeliveries(api.database)).toBe(4);
  expect(await world.deliveries(id)).toHaveLength(1);
});
