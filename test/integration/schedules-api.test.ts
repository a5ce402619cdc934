// Schedules over real HTTP: made, refused with what to do, changed, paused, previewed, run now; who ran what and why.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventually, useSchedules } from './schedule-world.ts';

const world = useSchedules();
const { api } = world;
const { call } = api;
const DAY = 86_400_000;

test('a schedule is made with its defaults, found by name, and tells when it is next due', async () => {
  const made = await call('POST', '/v1/schedules', {
    name: 'nightly',
    task: 'power_sweep',
    cron: '30 2 * * *',
    timeZone: 'Asia/Taipei',
  });
  expect(made).toMatchObject({
    status: 201,
    body: {
      kind: 'schedule',
      name: 'nightly',
      params: {},
      overlap: 'skip',
      missed: { policy: 'skip' },
      limitMinutes: 60,
      paused: null,
    },
  });
  expect(made.headers.get('location')).toBe(`/v1/schedules/${made.body.id}`);
  expect((await call('GET', '/v1/schedules/name:nightly')).body.id).toBe(made.body.id);
  const preview = await call('GET', `/v1/schedules/${made.body.id}/preview?times=2`);
  expect(preview.body.times.map(({ at }: { at: string }) => at.slice(11, 16))).toEqual(['18:30', '18:30']);
});

test.each([
  [{ cron: '61 * * * *' }, 'cron_invalid', '/cron'],
  [{ cron: '@daily' }, 'cron_invalid', '/cron'],
  [{ cron: '0 0 30 2 *' }, 'cron_never', '/cron'],
  [{ timeZone: 'Europe/Atlantis' }, 'time_zone_unknown', '/timeZone'],
  [{ timeZone: '+08:00' }, 'time_zone_unknown', '/timeZone'],
  [
    { blackouts: [{ from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z', reason: 'x' }] },
    'blackout_invalid',
    '/blackouts',
  ],
  [{ blackouts: [{ cron: 'no', minutes: 5, reason: 'x' }] }, 'blackout_invalid', '/blackouts'],
  [{ task: 'decommission', params: { outcome: 'scrapped' } }, 'schedule_needs_filter', '/filter'],
])('refused with what to do: %j', async (body, code, pointer) => {
  const answer = await call('POST', '/v1/schedules', { name: 'wrong', task: 'power_sweep', cron: '0 3 * * *', ...body });
  expect(answer).toMatchObject({
    status: 422,
    body: { code, errors: [{ pointer, code }], whatToDo: expect.stringMatching(/.{20}/) },
  });
});

test('parameters that the task does not know, and filters that are none, are named where they stand', async () => {
  const wrong = { name: 'wrong', task: 'aged_states', cron: '0 3 * * *', params: { hours: 1, colour: 'red' } };
  expect((await call('POST', '/v1/schedules', wrong)).body).toMatchObject({
    code: 'unknown_field',
    errors: [{ pointer: '/params/colour' }],
  });
  const filter = { name: 'wrong', task: 'aged_states', cron: '0 3 * * *', filter: 'stat=available' };
  expect((await call('POST', '/v1/schedules', filter)).body).toMatchObject({
    code: 'invalid_filter',
    errors: [{ pointer: '/filter' }],
  });
});

test('a change is merged, checked with what stays, and made to the version that was seen', async () => {
  const { id } = await world.schedule({ params: { hours: 4, hoursByState: { available: 9 } } });
  const etag = (await call('GET', `/v1/schedules/${id}`)).headers.get('etag') ?? '';
  const change = { params: { hoursByState: { quarantined: 1 } }, timeZone: 'Europe/Berlin' };
  expect(await call('PATCH', `/v1/schedules/${id}`, change, { 'if-match': etag })).toMatchObject({
    status: 200,
    body: { params: { hours: 4, hoursByState: { available: 9, quarantined: 1 } }, timeZone: 'Europe/Berlin', cron: '0 3 * * *' },
  });
  expect(await call('PATCH', `/v1/schedules/${id}`, { cron: 'x' }, { 'if-match': '*' })).toMatchObject({ status: 422 });
  expect(await call('PATCH', `/v1/schedules/${id}`, { cron: '1 1 * * *' }, { 'if-match': etag })).toMatchObject({ status: 412 });
  expect(await call('DELETE', `/v1/schedules/${id}`, undefined, { 'if-match': '*' })).toMatchObject({ status: 204 });
});

test('a run lists what it picked, and why it left the rest alone; the preview says the same before', async () => {
  const old = await world.server('old-1', 'quarantined', null);
  await api.sql(`update servers set state_since = now() - interval '50 hours' where id = $1`, [old]);
  await world.server('new-1', 'available', null);
  const { id } = await world.schedule({ task: 'aged_states', params: { hours: 48 }, filter: 'name in (old-1, new-1)' });
  expect((await call('GET', `/v1/schedules/${id}/preview`)).body.picks).toMatchObject({
    picked: 1,
    skipped: 1,
    items: [
      { picked: true, subject: { name: 'old-1' } },
      { picked: false, reason: { code: 'too_recent' } },
    ],
  });
  world.worker();
  const run = await world.ended(await world.runNow(id, { reason: 'a look' }));
  expect(run).toMatchObject({
    trigger: 'operator',
    why: 'asked',
    requestedBy: 'local',
    state: 'succeeded',
    items: { picked: 1, skipped: 1, done: 1, failed: 0 },
    artefact: { totals: { aged: 1 }, findings: [{ subject: { name: 'old-1' }, state: 'quarantined', hours: 50 }] },
  });
  expect(await world.items(run)).toMatchObject([
    {
      subject: { name: 'new-1' },
      state: 'skipped',
      reason: { code: 'too_recent', sentence: 'The last time is not long enough ago.' },
    },
    { subject: { name: 'old-1' }, state: 'done', reason: { code: 'meant' }, result: { finding: 'aged' } },
  ]);
});

test('the power sweep asks the BMCs and lists what is not as the state implies', async () => {
  const [right, wrong] = [await world.bmc('SN-right', 'on'), await world.bmc('SN-wrong', 'off')];
  await world.server('right', 'in_service', right.server);
  await world.server('wrong', 'in_service', wrong.server);
  await world.server('gone', 'available', { url: 'http://127.0.0.1:9' });
  await world.server('mute', 'available', null);
  await world.server('busy', 'onboarding', null);
  const { id } = await world.schedule({ task: 'power_sweep', filter: 'name in (right, wrong, gone, mute, busy)' });
  world.worker();
  const run = await world.ended(await world.runNow(id));
  expect(run).toMatchObject({
    state: 'failed',
    items: { picked: 3, skipped: 2, done: 2, failed: 1 },
    artefact: { totals: { as_implied: 1, unexpectedly_off: 1, bmc_unreachable: 1 } },
  });
  const items = new Map((await world.items(run)).map((item) => [item.subject.name, item]));
  expect(items.get('wrong')).toMatchObject({
    state: 'done',
    result: { power: 'off', implied: 'on', finding: 'unexpectedly_off' },
  });
  expect(items.get('gone')).toMatchObject({ state: 'failed', error: { code: 'bmc_unreachable' } });
  expect(items.get('mute')).toMatchObject({ state: 'skipped', reason: { code: 'no_bmc' } });
  expect(items.get('busy')).toMatchObject({ state: 'skipped', reason: { code: 'state_not_meant' } });
});

test('paused: nothing begins by itself, a person may begin it; resumed, what came meanwhile is not missed', async () => {
  const { id } = await world.schedule({ cron: '* * * * *', missed: { policy: 'run_once' } });
  expect((await call('POST', `/v1/schedules/${id}/pause`, { reason: 'freeze' })).body).toMatchObject({
    paused: { by: 'local', reason: 'freeze' },
    next: { at: null, why: 'paused' },
  });
  world.setAhead(DAY);
  world.worker();
  expect(await world.ended(await world.runNow(id))).toMatchObject({ state: 'succeeded' });
  expect((await call('GET', `/v1/schedules/${id}/runs`)).body.items).toHaveLength(1);
  world.setAhead(0);
  await call('POST', `/v1/schedules/${id}/resume`, {});
  expect((await call('GET', `/v1/schedules/${id}`)).body).toMatchObject({ paused: null, lastRun: { state: 'succeeded' } });
  expect((await call('GET', `/v1/schedules/${id}/runs?state=skipped`)).body.items).toEqual([]);
});

test('a day later it ran by itself, once, and says how many times it missed', async () => {
  const { id } = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' } });
  world.setAhead(DAY);
  world.worker();
  await eventually(async () => {
    const { items } = (await call('GET', `/v1/schedules/${id}/runs`)).body;
    expect(items).toMatchObject([{ trigger: 'schedule', state: 'succeeded' }]);
    expect(items[0].params.missed).toBeGreaterThanOrEqual(22);
  });
});

test('in a blackout window the planned time is skipped and says so; a person may insist', async () => {
  const blackouts = [
    { from: '2020-01-01T00:00:00Z', until: '2020-01-20T00:00:00Z', reason: 'past' },
    { cron: '* * * * *', minutes: 2, reason: 'always' },
  ];
  const { id } = await world.schedule({ cron: '0 * * * *', blackouts });
  expect(await call('POST', `/v1/schedules/${id}/runs`, {}, { 'idempotency-key': randomUUID() })).toMatchObject({
    status: 409,
    body: { code: 'schedule_in_blackout', params: { window: 'always' } },
  });
  world.setAhead(DAY);
  world.worker();
  await eventually(async () => {
    const { items } = (await call('GET', `/v1/schedules/${id}/runs`)).body;
    expect(items).toMatchObject([{ state: 'skipped', why: 'blackout', params: { window: 'always' } }]);
  });
  expect(await world.ended(await world.runNow(id, { ignoreBlackout: true, reason: 'fire' }))).toMatchObject({
    state: 'succeeded',
  });
});

test('the same Idempotency-Key begins one run; a second while it waits is refused', async () => {
  const { id } = await world.schedule({});
  const key = { 'idempotency-key': randomUUID() };
  const [first, again] = [
    await call('POST', `/v1/schedules/${id}/runs`, {}, key),
    await call('POST', `/v1/schedules/${id}/runs`, {}, key),
  ];
  expect(again.body.id).toBe(first.body.id);
  expect(await call('POST', `/v1/schedules/${id}/runs`, {}, { 'idempotency-key': randomUUID() })).toMatchObject({
    status: 409,
    body: { code: 'schedule_run_in_progress', params: { runId: first.body.id } },
  });
});
