// What state a simulated BMC may be in, as our own drivers meet it on both protocols: sessions void, no place free, locked out, stale power.
import { connectBmc } from '@rackwright/bmc/connect-bmc.ts';
import type { BmcEndpoint } from '@rackwright/domain/bmc.ts';
import type { SimulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import type { RequestsSince } from '@rackwright/virtual-rack-app/open-session.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CREDENTIALS as IPMI_CREDENTIALS, HOST, bench as ipmiBench } from './ipmi-bench.ts';
import { CREDENTIALS as REDFISH_CREDENTIALS, startBench } from './redfish-bench.ts';

type Moody = {
  chassis: SimulatedChassis;
  dropSessions(): RequestsSince;
  sessions(): number;
  connect(): Promise<Bmc>;
  close(): Promise<unknown>;
};

const START: Record<'redfish' | 'ipmi', () => Promise<Moody>> = {
  async redfish() {
    const bench = await startBench({ power: 'on' });
    const { chassis, server } = bench;
    const endpoint: BmcEndpoint = { protocol: 'redfish', address: server.url };
    const connect = () => connectBmc(endpoint, REDFISH_CREDENTIALS, { redfish: { timings: { busy: 0 } } });
    return { chassis, dropSessions: server.dropSessions, sessions: server.sessions, connect, close: () => bench.close() };
  },
  async ipmi() {
    const { chassis, server } = await ipmiBench();
    chassis.machineStarted();
    const endpoint: BmcEndpoint = { protocol: 'ipmi', address: HOST, port: server.port };
    const connect = () => connectBmc(endpoint, IPMI_CREDENTIALS);
    return { chassis, dropSessions: server.dropSessions, sessions: server.sessions, connect, close: () => server.close() };
  },
};

describe.each(['redfish', 'ipmi'] as const)('a BMC that speaks %s', (protocol) => {
  let moody: Moody;
  const open: Bmc[] = [];
  const connect = async (): Promise<Bmc> => {
    const bmc = await moody.connect();
    open.push(bmc);
    return bmc;
  };
  beforeEach(async () => {
    moody = await START[protocol]();
  });
  afterEach(async () => {
    for (const bmc of open.splice(0)) await bmc.close();
    await moody.close();
  });

  test('and forgets its sessions is logged in to again, and no session is left behind', { timeout: 30_000 }, async () => {
    const bmc = await connect();
    expect(await bmc.power()).toBe('on');
    const met = moody.dropSessions();
    expect(moody.sessions()).toBe(0);
    expect(met()).toBe(0);
    expect(await bmc.power()).toBe('on');
    // It was asked once in a session that it does not know, or a few times, as IPMI repeats itself.
    expect(met()).toBeGreaterThan(0);
    await bmc.close();
    // IPMI's goodbye waits for no answer: some BMCs never give it.
    await expect.poll(() => moody.sessions()).toBe(0);
  });

  test('and locks the account refuses whoever logs in, and says so', { timeout: 30_000 }, async () => {
    moody.chassis.mood.lockedOut = true;
    const refused = connect().then((bmc) => bmc.power());
    await expect(refused).rejects.toMatchObject({ code: 'bmc_auth_failed' });
    expect(moody.chassis.mood.felt).toMatchObject({ full: 0, lockedOut: expect.toSatisfy((n: number) => n > 0) });
    moody.chassis.mood.lockedOut = false;
    expect(await (await connect()).power()).toBe('on');
  });

  test('and has no place free opens no session', { timeout: 30_000 }, async () => {
    moody.chassis.mood.full = true;
    // Redfish goes on without a session; IPMI cannot.
    const asked = connect().then((bmc) => bmc.power());
    if (protocol === 'ipmi') await expect(asked).rejects.toMatchObject({ code: 'bmc_busy' });
    else expect(await asked).toBe('on');
    expect(moody.sessions()).toBe(0);
    expect(moody.chassis.mood.felt).toMatchObject({ lockedOut: 0, full: expect.toSatisfy((n: number) => n > 0) });
  });

  test('and tells stale things of power tells the truth afterwards', { timeout: 30_000 }, async () => {
    const bmc = await connect();
    moody.chassis.mood.stalePower = 'on';
    expect(await bmc.power()).toBe('on');
    // What is true all the same misleads nobody.
    expect(moody.chassis.mood.felt.stalePower).toBe(0);
    moody.chassis.mood.stalePower = 'off';
    expect(await bmc.power()).toBe('off');
    expect(moody.chassis.mood.felt.stalePower).toBeGreaterThan(0);
    moody.chassis.mood.stalePower = undefined;
    expect(await bmc.power()).toBe('on');
  });
});
