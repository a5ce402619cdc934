// What the checker says of the sessions that a real, simulated BMC holds.
import { once } from 'node:events';
import { connect } from 'node:net';
import { simulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import type { OpenSession } from '@rackwright/virtual-rack-app/open-session.ts';
import { startRedfishServer } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkSessions } from './check-sessions.ts';
import type { SessionLook } from './history.ts';

const SESSIONS = '/redfish/v1/SessionService/Sessions';
const CREDENTIALS = { username: 'root', password: 'rackwright' };
const PATIENT = { timeout: 15_000 };
const LOGIN = JSON.stringify({ UserName: 'root', Password: 'rackwright' });
const identity = { vendor: '', model: '', serial: 'S', uuid: '6f1c4d0e-5a65-4b53-9c39-0d1f8e6a0001', assetTag: '' };
const chassisOf = () =>
  simulatedChassis(
    {
      identity: { ...identity, bmcFirmware: '1', biosVersion: '1' },
      hardware: { cpus: [], memory: [], nics: [], disks: [] },
    },
    { onPowerOn() {}, onPowerOff() {}, onReset() {} },
  );

let chassis: ReturnType<typeof chassisOf>;
let bmc: Awaited<ReturnType<typeof startRedfishServer>>;
beforeEach(async () => {
  chassis = chassisOf();
  bmc = await startRedfishServer({ host: '127.0.0.1', port: 0, credentials: CREDENTIALS, chassis });
});
afterEach(async () => {
  vi.useRealTimers();
  await bmc.close();
});

async function logIn(): Promise<{ path: string; token: string }> {
  const { headers } = await fetch(bmc.url + SESSIONS, { method: 'POST', body: LOGIN });
  return { path: headers.get('location') ?? '', token: headers.get('x-auth-token') ?? '' };
}

function logOut({ path, token }: { path: string; token: string }): Promise<Response> {
  return fetch(bmc.url + path, { method: 'DELETE', headers: { 'x-auth-token': token } });
}

/** Long after all logins. */
function look(when: SessionLook['when'], sessions: OpenSession[] = bmc.openSessions()): SessionLook {
  return { at: Date.now() + 60_000, when, bmcs: [{ server: 'r01-u01', sessions }] };
}

test('a session whose end met 503 is a leak, of that BMC, though its process is killed right after', async () => {
  const first = await logIn();
  const looks = [look('before_kill')];
  chassis.faults.add({ match: '/Sessions', status: 503, count: 2 });
  expect((await logOut(first)).status).toBe(503);
  expect((await logOut(first)).status).toBe(503);
  await logIn();
  looks.push(look('before_kill'), look('killed'), look('before_kill'), look('end'));
  expect(checkSessions({ sessionLooks: looks })).toEqual([
    {
      rule: 'no_session_left',
      server: 'r01-u01',
      says: expect.stringMatching(/^before a kill at \d+ its BMC holds sessions 1, 2 of ours$/),
    },
  ]);
});

test('what a killed process left is no leak of the next one, whose own is', async () => {
  await logIn();
  const looks = [look('before_kill'), look('killed')];
  const mine = await logIn();
  looks.push(look('before_kill'));
  expect(checkSessions({ sessionLooks: [...looks, look('end')] })).toMatchObject([
    { says: /after the end .* sessions 2 of ours/ },
  ]);
  await logOut(mine);
  expect(checkSessions({ sessionLooks: [...looks, look('end')] })).toEqual([]);
});

test('a session that is being ended by a slow BMC is none that anybody holds', async () => {
  const first = await logIn();
  chassis.faults.add({ match: '/Sessions/1$', delayMs: 600_000, count: 1 });
  const ending = logOut(first).catch(() => undefined);
  await vi.waitUntil(() => bmc.openSessions()[0]?.ending === true, PATIENT);
  await logIn();
  expect(checkSessions({ sessionLooks: [look('before_kill')] })).toEqual([]);
  expect(checkSessions({ sessionLooks: [look('end')] })).toHaveLength(1);
  await bmc.close();
  await ending;
});

test('a login whose asker is gone before the answer opens a session that nobody can end', async () => {
  const socket = connect(bmc.port, '127.0.0.1');
  await once(socket, 'connect');
  const plain = chassis.faults.intercept;
  vi.spyOn(chassis.faults, 'intercept').mockImplementationOnce((request) => {
    // Gone while the BMC still thinks about it.
    socket.resetAndDestroy();
    return { ...plain(request), delayMs: 20 };
  });
  socket.write(`POST ${SESSIONS} HTTP/1.1\r\nhost: x\r\ncontent-length: ${LOGIN.length}\r\n\r\n${LOGIN}`);
  await vi.waitUntil(() => bmc.openSessions()[0]?.told === false, PATIENT);
  expect(checkSessions({ sessionLooks: [look('before_kill'), look('end')] })).toEqual([]);
  await logIn();
  await logIn();
  expect(checkSessions({ sessionLooks: [look('before_kill')] })).toHaveLength(1);
});

test('what a killed process left is used by nobody any more, or that process lives', async () => {
  const first = await logIn();
  const killedAt = Date.now();
  const sessions = bmc.openSessions();
  const looks: SessionLook[] = [{ at: killedAt, when: 'killed', bmcs: [{ server: 'r01-u01', sessions }] }];
  expect(checkSessions({ sessionLooks: [...looks, look('end')] })).toEqual([]);
  vi.useFakeTimers({ now: killedAt + 31_000, toFake: ['Date'] });
  await fetch(`${bmc.url}/redfish/v1/Systems/1`, { headers: { 'x-auth-token': first.token } });
  expect(checkSessions({ sessionLooks: [...looks, look('end')] })).toMatchObject([
    { rule: 'no_session_left', says: expect.stringMatching(/^session 1 of a process killed at \d+ was used at \d+$/) },
  ]);
});
