// The whole program tells a webhook of what happens, also of what happened just before it was killed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { startReceiver, verifyInPython } from '../../integration/webhook-receiver.ts';
import { type RackwrightProcess, startRackwright } from '../rackwright-process.ts';

const data = mkdtempSync(join(tmpdir(), 'rackwright-webhooks-'));
const running: { close(): Promise<unknown> }[] = [];
afterAll(async () => {
  for (const one of running.toReversed()) await one.close();
  rmSync(data, { recursive: true, force: true });
});

async function start(): Promise<RackwrightProcess> {
  const env = { RACKWRIGHT_DATA: data, RACKWRIGHT_VIRTUAL_SERVERS: '0', RACKWRIGHT_LOG: 'info' };
  const allow = { RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE: '127.0.0.0/8', RACKWRIGHT_WEBHOOK_ALLOW_HTTP: 'yes' };
  const started = await startRackwright({ env: { ...env, ...allow }, httpPort: 18_190, logFile: join(data, 'log') });
  running.push({ close: () => started.stop() });
  return started;
}
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 50 });

test('told of a new site; killed while the receiver hangs, it tells of the next one after its start', async () => {
  const receiver = await startReceiver();
  running.push(receiver);
  const first = await start();
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${first.url}/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return JSON.parse(await answer.text());
  };
  const { secret } = await post('/webhooks', { name: 'tickets', url: receiver.url, kinds: ['site'] });
  await post('/sites', { name: 'TPE1' });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  receiver.answer(() => () => undefined);
  const { id } = await post('/sites', { name: 'TPE2' });
  await eventually(() => expect(receiver.received).toHaveLength(2));
  await first.kill();
  receiver.answer(() => 204);
  await start();
  await eventually(() => expect(receiver.received).toHaveLength(3));
  const [, hung, again] = receiver.received;
  expect(again?.message).toMatchObject({ type: 'site.created', data: { subject: { kind: 'site', id } } });
  expect(again?.id).toBe(hung?.id);
  expect(verifyInPython(receiver.received, [secret])).toEqual([[0], [0], [0]]);
});
