// Events out, over real HTTP: signed so that others can check it, in order for each server, lost never, also when the receiver fails,
// hangs, redirects or the worker is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PUBLIC_TARGETS_ONLY } from '@rackwright/domain/webhooks/target.ts';
import { ForbiddenAddress, guardedDispatcher } from '@rackwright/worker-app/webhooks/guarded-dispatcher.ts';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { selfSigned, startReceiver, verifyInPython } from './webhook-receiver.ts';
import { eventually, QUICK, useWebhooks } from './webhook-world.ts';

const world = useWebhooks();
const steps = (n: number) => Array.from({ length: n }, (_, i) => ({ n: i }));
const numbersOf = (received: { message: { data: { serverId: string; payload: { n: number } } } }[], serverId: string) =>
  received.filter(({ message }) => message.data.serverId === serverId).map(({ message }) => message.data.payload.n);

test('what is wanted arrives once, in order, signed; what is not wanted does not', async () => {
  const before = Math.floor(Date.now() / 1_000);
  const { id, secret, receiver } = await world.hook();
  await world.happen('srv_1', ...steps(30));
  await world.api.call('POST', '/v1/sites', { name: 'unwanted-site' });
  await world.happen('srv_2', ...steps(30));
  world.courier();
  await eventually(() => expect(receiver.received).toHaveLength(60));
  expect(numbersOf(receiver.received, 'srv_1')).toEqual(steps(30).map(({ n }) => n));
  expect(numbersOf(receiver.received, 'srv_2')).toEqual(steps(30).map(({ n }) => n));
  expect(verifyInPython(receiver.received, [secret])).toEqual(receiver.received.map(() => [0]));
  const forged = receiver.received.map((one) => ({ ...one, body: Buffer.concat([one.body, Buffer.from(' ')]) }));
  expect(verifyInPython(forged, [secret])).toEqual(forged.map(() => []));
  const [first] = receiver.received;
  // When it was sent: after it happened, before it was received.
  expect(Number(first?.timestamp)).toBeGreaterThanOrEqual(before);
  expect(Number(first?.timestamp) * 1_000).toBeLessThanOrEqual(first?.at ?? 0);
  const [event] = await world.api.sql<{ epoch: string; seq: number; at: string }>(
    `select s.epoch, e.seq, e.at from event_sequence s, events e where e.server_id = 'srv_1' order by seq limit 1`,
  );
  expect(first?.id).toBe(`e${event?.epoch}-${event?.seq}`);
  expect(first?.message).toEqual({
    type: 'server.updated',
    timestamp: event?.at,
    data: { subject: { kind: 'server', id: 'srv_1' }, serverId: 'srv_1', operationId: null, version: null, payload: { n: 0 } },
  });
  await eventually(async () => expect(await world.read(id)).toMatchObject({ delivery: { pending: 0, failingSince: null } }));
});

test('only the subject that was asked for', async () => {
  const { receiver } = await world.hook({ kinds: [], subjectId: 'srv_only' });
  await world.happen('srv_other', { n: 1 });
  await world.happen('srv_only', { n: 2 });
  world.courier();
  await eventually(() => expect(receiver.received.map(({ message }) => message.data.payload)).toEqual([{ n: 2 }]));
});

test('a message that is refused holds up its own server only, and comes again with the same id', async () => {
  const { id, receiver, secret } = await world.hook();
  let refusals = 0;
  const goods = () => receiver.received.filter(({ message }) => message.data.serverId === 'srv_good').length;
  // Three times at least, and until the other server has had all of its own.
  receiver.answer(({ message }) => {
    const refused = message.data.serverId === 'srv_bad' && message.data.payload.n === 0 && (refusals < 3 || goods() < 3);
    if (refused) refusals += 1;
    return refused ? 500 : 200;
  });
  await world.happen('srv_bad', ...steps(3));
  await world.happen('srv_good', ...steps(3));
  world.courier();
  await eventually(() =>
    expect(receiver.received.map(({ message }) => message.data.payload.n).filter((n) => n === 2)).toHaveLength(2),
  );
  expect(goods()).toBe(3);
  const bad = receiver.received.filter(({ message }) => message.data.serverId === 'srv_bad');
  expect(bad.map(({ message }) => message.data.payload.n)).toEqual([...Array(refusals + 1).fill(0), 1, 2]);
  expect(new Set(bad.slice(0, refusals + 1).map((one) => one.id)).size).toBe(1);
  expect(verifyInPython(bad, [secret])).toEqual(bad.map(() => [0]));
  const waits = bad.slice(1, 4).map((one, i) => one.at - (bad[i]?.at ?? 0));
  expect(waits[0]).toBeGreaterThan(25);
  expect(waits[2]).toBeGreaterThan(100);
  await eventually(async () => {
    const [delivery] = (await world.deliveries(id)).filter(({ attempts }) => attempts === refusals + 1);
    expect(delivery).toMatchObject({ state: 'delivered', nextAttemptAt: null });
    expect(delivery.log.map(({ status, error }: { status: number; error: string }) => [status, error]).slice(0, 4)).toEqual([
      [200, null],
      [500, 'HTTP 500'],
      [500, 'HTTP 500'],
      [500, 'HTTP 500'],
    ]);
  });
});

test('a receiver that hangs, drops the line, redirects or babbles is borne, and one that comes back gets everything', async () => {
  const elsewhere = await startReceiver();
  const { id, receiver } = await world.hook();
  const ways: ((response: ServerResponse) => void)[] = [
    () => undefined,
    (response) => void response.destroy(),
    (response) => void response.writeHead(307, { location: elsewhere.url }).end(),
    (response) => void response.writeHead(500).write(`why\u0000${'x'.repeat(5_000_000)}`),
  ];
  receiver.answer(() => ways.shift() ?? 200);
  await world.happen('srv_1', { n: 0 }, { n: 1 });
  world.courier({ answerMs: 2_000 });
  await eventually(() => expect(numbersOf(receiver.received, 'srv_1')).toEqual([0, 0, 0, 0, 0, 1]));
  await eventually(async () => expect((await world.read(id)).delivery.pending).toBe(0));
  expect(elsewhere.received).toEqual([]);
  await elsewhere.close();
  const log = (await world.deliveries(id)).find(({ attempts }) => attempts === 5).log;
  expect(log.map(({ error }: { error: string }) => error)).toEqual([
    null,
    'HTTP 500',
    'HTTP 307',
    expect.stringMatching(/^no connection: UND_ERR_SOCKET$/),
    'no answer within 2 s',
  ]);
  expect(log[1].answer).toMatch(/^why x{296}$/);
});

test('an asked-for pause is kept', async () => {
  const { receiver } = await world.hook();
  receiver.answer(
    () => (response) => (receiver.received.length > 1 ? response.end() : response.writeHead(429, { 'retry-after': '1' }).end()),
  );
  await world.happen('srv_1', { n: 0 });
  world.courier({ policy: { ...QUICK, longestRetryMs: 5_000 } });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect((receiver.received[1]?.at ?? 0) - (receiver.received[0]?.at ?? 0)).toBeGreaterThanOrEqual(950);
});

test('a message that is refused while others are taken is given up after a while; it can be sent again by hand', async () => {
  const { id, receiver } = await world.hook();
  let refusing = true;
  receiver.answer(({ message }) =>
    message.data.serverId === 'srv_poison' && message.data.payload.n === 0 && refusing ? 400 : 200,
  );
  await world.happen('srv_poison', ...steps(2));
  world.courier({ policy: { ...QUICK, giveUpAfterMs: 600 } });
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(2));
  await world.happen('srv_fine', { n: 7 });
  await eventually(() => expect(numbersOf(receiver.received, 'srv_poison').at(-1)).toBe(1));
  const [given] = await world.deliveries(id, '?state=given_up');
  expect(given).toMatchObject({ state: 'given_up', type: 'server.updated' });
  refusing = false;
  const again = await world.api.call('POST', `/v1/webhooks/${id}/deliveries/${given.id}/redeliver`);
  expect([again.status, again.body.state]).toEqual([202, 'pending']);
  await eventually(() => expect(receiver.received.at(-1)?.id).toBe(given.messageId));
  await eventually(async () => expect((await world.deliveries(id, '?state=given_up')).length).toBe(0));
});

test('three couriers share the work: nothing twice, nothing out of order', async () => {
  const { receiver } = await world.hook();
  const couriers = [world.courier(), world.courier(), world.courier()];
  for (let round = 0; round < 10; round++) {
    await Promise.all([0, 1, 2].map((s) => world.happen(`srv_${s}`, { n: round * 2 }, { n: round * 2 + 1 })));
  }
  await eventually(() => expect(receiver.received).toHaveLength(60));
  for (const s of [0, 1, 2]) expect(numbersOf(receiver.received, `srv_${s}`)).toEqual(steps(20).map(({ n }) => n));
  expect(couriers).toHaveLength(3);
});

test('a worker killed in the middle of a delivery: another sends it again, with the same id, and then the rest', async () => {
  const { receiver, secret } = await world.hook();
  receiver.answer(() => () => undefined);
  await world.happen('srv_1', ...steps(3));
  const script = join(import.meta.dirname, 'webhook-courier-process.ts');
  const child = spawn(process.execPath, [script, world.api.databaseUrl], { stdio: 'inherit' });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  child.kill('SIGKILL');
  await once(child, 'exit');
  receiver.answer(() => 200);
  world.courier();
  await eventually(() => expect(numbersOf(receiver.received, 'srv_1')).toEqual([0, 0, 1, 2]));
  expect(receiver.received[1]?.id).toBe(receiver.received[0]?.id);
  expect(verifyInPython(receiver.received, [secret])).toEqual(receiver.received.map(() => [0]));
});

test('a courier that stops while a receiver hangs sends the message again later', async () => {
  const { id, receiver } = await world.hook();
  receiver.answer(() => () => undefined);
  await world.happen('srv_1', { n: 0 });
  const first = world.courier({ answerMs: 60_000 });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  await first.close();
  expect(await world.deliveries(id)).toMatchObject([{ state: 'pending', attempts: 0 }]);
  receiver.answer(() => 200);
  world.courier();
  await eventually(() => expect(numbersOf(receiver.received, 'srv_1')).toEqual([0, 0]));
});

test('over https nothing is said to a receiver whose certificate nobody vouches for, and all to one that is trusted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'webhook-tls-'));
  const { key, cert, certFile } = selfSigned(folder);
  const receiver = await startReceiver({ key, cert });
  const { id, secret } = await world.hook({ url: receiver.url });
  await world.happen('srv_1', { n: 0 });
  const distrusting = world.courier();
  await eventually(async () =>
    expect((await world.read(id)).delivery.lastError).toBe('no connection: DEPTH_ZERO_SELF_SIGNED_CERT'),
  );
  await distrusting.close();
  expect(receiver.received).toEqual([]);
  const script = join(import.meta.dirname, 'webhook-courier-process.ts');
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certFile };
  const child = spawn(process.execPath, [script, world.api.databaseUrl], { stdio: 'inherit', env });
  await eventually(() => expect(numbersOf(receiver.received, 'srv_1')).toEqual([0]));
  expect(verifyInPython(receiver.received, [secret])).toEqual([[0]]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await receiver.close();
  rmSync(folder, { recursive: true });
});

test('a name that leads to a forbidden address is not connected to; a stored literal one is judged again', async () => {
  const { id, receiver } = await world.hook();
  const dispatcher = guardedDispatcher({ ...PUBLIC_TARGETS_ONLY, allowHttp: true }, 1);
  const byName = receiver.url.replace('127.0.0.1', 'localhost');
  await expect(request(byName, { method: 'POST', dispatcher, body: '{}' })).rejects.toThrow(ForbiddenAddress);
  await dispatcher.destroy();
  await world.happen('srv_1', { n: 0 });
  world.courier({ targets: { ...PUBLIC_TARGETS_ONLY, allowHttp: true } });
  await eventually(async () => expect((await world.read(id)).delivery.lastError).toBe('target refused: private_address'));
  expect(receiver.received).toEqual([]);
});

test('no secret and no address in the logs', async () => {
  const { secret, receiver } = await world.hook();
  receiver.answer(() => 500);
  await world.happen('srv_1', { n: 0 });
  world.courier();
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(1));
  const text = world.log.join('\n') + world.api.log();
  expect(text).toContain('webhook message not taken');
  expect(text).not.toContain(secret.slice('whsec_'.length));
  expect(world.log.join('\n')).not.toContain(receiver.url);
});
