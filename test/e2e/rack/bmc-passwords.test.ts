// New passwords for the BMCs of a rack, Redfish and IPMI, while Rackwright is killed in the middle: every one is known afterwards.
import { readFile } from 'node:fs/promises';
import { connectBmc } from '@rackwright/bmc/connect-bmc.ts';
import { minutes } from '@rackwright/domain/durations.ts';
import { afterEach, expect, test } from 'vitest';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type RunSeen = { id: string; state: string; endedAt: string | null; items: { picked: number; done: number; failed: number } };

test('kill -9 in the middle of a rotation: old passwords are refused, those on file work, no account is locked', {
  timeout: minutes(5),
}, async () => {
  site = await startSimulatedSite(6, { rack: { bmc: { account: { lockAfter: 3 } } } });
  const { api, rack } = site;
  const before = rack.servers.map(({ account }) => account.password());
  const schedule = await api.post<{ id: string }>('/v1/schedules', {
    ...{ name: 'passwords', task: 'bmc_password_rotation', cron: '0 3 1 * *', timeZone: 'Asia/Taipei', filter: '' },
    params: { olderThanDays: 0, atOnce: 2 },
  });
  await beginAll(site, { type: 'onboard' });
  await untilAll(site, 'available', minutes(1));
  const run = await api.post<RunSeen>(`/v1/schedules/${schedule.id}/runs`, { reason: 'test' });
  const path = `/v1/schedules/${schedule.id}/runs/${run.id}`;
  // Some BMCs were told and some not, and the two that are under way may be anywhere.
  const told = () => rack.servers.filter(({ account }, n) => account.password() !== before[n]).length;
  await untilSeen('one has a new password', minutes(2), told, (many) => many > 0);
  await site.killAndRestart();

  const look = () => api.get<RunSeen>(path);
  const { state, items } = await untilSeen('the run is over', minutes(2), look, ({ endedAt }) => endedAt !== null);
  const failed = await api.get<{ items: { error: object }[] }>(`${path}/items?state=failed`);
  expect(failed.items.map(({ error }) => error)).toEqual([]);
  expect([state, items]).toMatchObject(['succeeded', { picked: 6, done: 6 }]);
  for (const [n, server] of rack.servers.entries()) {
    expect(server.account.password(), server.name).not.toBe(before[n]);
    expect(server.account.locked(), server.name).toBe(false);
    await expect(connectBmc(server.bmc, server.credentials), server.name).rejects.toMatchObject({ code: 'bmc_auth_failed' });
  }
  // What is on file works: an operation logs in with it, powers the server and looks inside.
  await beginAll(site, { type: 'onboard' });
  await untilAll(site, 'available', minutes(1));
  const log = await readFile(site.logFile, 'utf8');
  expect(log).not.toBe('');
  for (const { account } of rack.servers) expect(log).not.toContain(account.password());
});
