// Our Redfish driver against our simulated BMC over real sockets: what works, and what must not be believed.
import { bmcConnector } from '@rackwright/bmc/connect-bmc.ts';
import type { Fault } from '@rackwright/domain/errors.ts';
import { bmcCertificate } from '@rackwright/virtual-rack-app/redfish/bmc-certificate.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bench } from './redfish-bench.ts';
import { CREDENTIALS, SPEC, startBench } from './redfish-bench.ts';

let bench: Bench;
const open = async (options?: Parameters<typeof startBench>[0]): Promise<Bmc> => {
  bench = await startBench(options);
  return bench.connect();
};
/** The Fault of something that must fail. */
const faultOf = async (failing: Promise<unknown>): Promise<Fault> => {
  const error = await failing.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ kind: 'fault' });
  return error as Fault;
};
let stranded = 0;
afterEach(async () => {
  const left = await bench.close();
  expect(left, 'sessions left behind').toBe(stranded);
  stranded = 0;
});

describe('a BMC that behaves', () => {
  test('says who it is and what is in the box', async () => {
    const bmc = await open();
    const { serial, model, vendor, uuid, bmcFirmware } = SPEC.identity;
    expect(await bmc.identify()).toEqual({ serial, model, vendor, uuid, bmcFirmware });
    expect(await bmc.hardware()).toEqual({
      identity: { serial, model, vendor, uuid, bmcFirmware },
      biosVersion: 'U1.0',
      cpuCount: 2,
      memoryBytes: 64 * 1024 ** 3,
      nics: [
        { mac: '52:54:00:00:00:01', name: '1' },
        { mac: '52:54:00:00:00:02', name: '2' },
      ],
      disks: SPEC.hardware.disks,
      warnings: [],
    });
  });

  test('restarts its BMC, and the machine stays as it is', async () => {
    const bmc = await open();
    await bmc.setPower('on');
    await bmc.resetBmc();
    expect(bench.chassis.events().at(-1)).toMatchObject({ message: 'BMC was restarted' });
    expect(await bmc.power()).toBe('on');
    await bmc.close();
  });

  test('goes on, off and round again; the same order twice is no failure', async () => {
    const bmc = await open();
    for (const [action, state] of [
      ['on', 'on'],
      ['on', 'on'],
      ['off', 'off'],
      ['off', 'off'],
      ['reboot', 'on'],
      ['reboot', 'on'],
      ['graceful_off', 'off'],
    ] as const) {
      await bmc.setPower(action);
      expect(await bmc.power()).toBe(state);
    }
    expect(bench.boots).toHaveLength(3);
  });

  test('boots once from the network, and then as it used to', async () => {
    const bmc = await open();
    expect(await bmc.bootOnce('network', 'uefi')).toEqual({ device: 'network', once: true, mode: 'uefi' });
    expect(await bmc.bootOnce('network', 'bios')).toEqual({ device: 'network', once: true, mode: 'bios' });
    await bmc.setPower('on');
    expect(bench.boots).toEqual([{ device: 'network', once: true, mode: 'bios' }]);
    expect(await bmc.bootOverride()).toMatchObject({ device: 'none', once: false });
    await bmc.bootOnce('disk', 'uefi');
    expect(await bmc.bootOnce('none', 'uefi')).toMatchObject({ device: 'none' });
    expect(bench.chassis.bootOverride().device).toBe('none');
  });

  test('shows its light', async () => {
    const bmc = await open();
    await bmc.setIdentifyLed(true);
    expect([await bmc.identifyLed(), bench.chassis.led()]).toEqual([true, true]);
    await bmc.setIdentifyLed(false);
    expect([await bmc.identifyLed(), bench.chassis.led()]).toEqual([false, false]);
  });

  test('tells its event log', async () => {
    const bmc = await open();
    bench.chassis.logEvent('critical', 'Fan 3 stands still');
    const log = await bmc.eventLog();
    expect(log).toEqual([
      { id: '1', at: expect.stringMatching(/^\d{4}-.*Z$/), severity: 'critical', message: 'Fan 3 stands still' },
    ]);
  });
});

test('the connector takes the driver that the endpoint names', async () => {
  bench = await startBench();
  const bmc = await bmcConnector()({ protocol: 'redfish', address: bench.server.url }, CREDENTIALS);
  expect(await bmc.power()).toBe('off');
  await bmc.close();
});

test('more callers than a BMC can serve in turn are turned away, not queued without end', async () => {
  const bmc = await open();
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => bmc.power()));
  const refused = outcomes.filter(({ status }) => status === 'rejected').map((each) => (each as PromiseRejectedResult).reason);
  expect(refused.length).toBe(36);
  expect(refused.every(({ code, retry }) => code === 'bmc_busy' && retry === 'soon')).toBe(true);
});

describe('personalities', () => {
  test.each([
    ['reset types in an ActionInfo', { actionInfoOnly: true }],
    ['resets as tasks', { resetAsTask: true }],
    ['If-Match demanded', { ifMatch: 'required' }],
    ['the same state is a conflict', { sameState: 'conflict' }],
    ['boot in the settings object', { bootInSettings: true }],
    ['the old light', { led: 'old' }],
    ['no sessions', { sessions: false }],
  ] as const)('%s', async (_name, personality) => {
    const bmc = await open({ personality });
    await bmc.bootOnce('network', 'uefi');
    await bmc.setPower('reboot');
    await bmc.setIdentifyLed(true);
    expect(bench.boots).toEqual([{ device: 'network', once: true, mode: 'uefi' }]);
    expect([await bmc.power(), bench.chassis.led()]).toEqual(['on', true]);
  });

  test('only Continuous: done so, and said so', async () => {
    const bmc = await open({ personality: { overrides: ['Continuous'] } });
    expect(await bmc.bootOnce('network', 'uefi')).toEqual({ device: 'network', once: false, mode: 'uefi' });
    await bmc.setPower('on');
    expect(await bmc.bootOverride()).toMatchObject({ device: 'network', once: false });
    expect(await bmc.bootOnce('none', 'uefi')).toMatchObject({ device: 'none' });
  });
});

describe('whom to trust', () => {
  const certificate = bmcCertificate(['127.0.0.1']);
  const other = bmcCertificate(['127.0.0.1']);
  beforeAll(() => {
    expect(certificate.sha256).not.toBe(other.sha256);
  });

  test.each([
    ['the pinned certificate', { mode: 'pin', sha256: certificate.sha256.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:') }],
    ['an authority', { mode: 'ca', ca: certificate.cert }],
    ['anybody, said aloud', { mode: 'insecure' }],
  ] as const)('%s', async (_name, tls) => {
    bench = await startBench({ tls: certificate });
    const bmc = await bench.connect({ tls });
    expect(await bmc.power()).toBe('off');
  });

  test.each([
    ['another pin', { mode: 'pin', sha256: other.sha256 }],
    ['another authority', { mode: 'ca', ca: other.cert }],
    ['nothing said: the public authorities decide', undefined],
  ] as const)('not: %s', async (_name, tls) => {
    bench = await startBench({ tls: certificate });
    const fault = await faultOf(bench.connect(tls ? { tls } : {}));
    expect(fault).toMatchObject({ code: 'bmc_protocol_error', retry: 'never', facts: { reason: 'tls' } });
    expect(bench.server.sessions()).toBe(0);
  });
});

describe('sessions', () => {
  test('one for all calls, none after close', async () => {
    const bmc = await open();
    await Promise.all([bmc.power(), bmc.identifyLed(), bmc.bootOverride()]);
    expect(bench.server.sessions()).toBe(1);
    await bmc.close();
    expect(bench.server.sessions()).toBe(0);
    await bmc.close();
  });

  test('a wrong password is said once, never tried again, and shown nowhere', async () => {
    bench = await startBench();
    const credentials = { username: 'admin', password: 'not-the-Password' };
    const fault = await faultOf(bench.connect({ credentials }));
    expect(fault).toMatchObject({ code: 'bmc_auth_failed', retry: 'never', effect: 'none' });
    expect(`${fault.message} ${fault.stack} ${JSON.stringify(fault)}`).not.toContain(credentials.password);
  });

  test('a lost session is opened again, unseen', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Systems/1$', status: 401, count: 1 });
    expect(await bmc.power()).toBe('off');
    await bmc.close();
    expect(bench.server.sessions()).toBe(0);
  });

  test('refused again after a new login: the end, also for the next call', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Systems/1$', status: 401, count: 2 });
    expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_auth_failed', retry: 'never' });
    // The BMC would answer now: we do not ask.
    expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_auth_failed' });
  });

  test('all places taken: Basic does the work', async () => {
    bench = await startBench({ personality: { sessionCap: 1 } });
    const first = await bench.connect();
    const second = await bench.connect();
    await second.setPower('on');
    expect([await first.power(), bench.server.sessions()]).toEqual(['on', 1]);
  });

  test('a BMC that is too busy to end it twice is asked again: nothing is left', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Sessions/', status: 503, count: 3 });
    await bmc.close();
    expect(bench.server.sessions()).toBe(0);
  });

  test('a BMC that is busy for good is left alone in the end', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Sessions/', status: 503 });
    await bmc.close();
    expect(bench.server.sessions()).toBe(1);
    stranded = 1;
  });

  test('a connect that fails half-way leaves no session', async () => {
    bench = await startBench();
    bench.chassis.faults.add({ match: '/Managers/1$', status: 500 });
    expect(await faultOf(bench.connect())).toMatchObject({ code: 'bmc_protocol_error' });
    expect(bench.server.sessions()).toBe(0);
  });
});

describe('a BMC in trouble', () => {
  test('busy: as patient as it asks for', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Systems/1', status: 503, count: 3 });
    await bmc.setPower('on');
    expect(bench.waited()).toBeGreaterThanOrEqual(3_000);
    expect(bench.boots).toHaveLength(1);
  });

  test('busy for ever: a Fault to try again soon', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Systems/1', status: 503 });
    expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_busy', retry: 'soon', retryAfterMs: 1_000 });
    expect(bench.waited()).toBeGreaterThan(100_000);
  });

  test('a connection cut while reading is tried once more', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Systems/1$', drop: true, count: 1 });
    expect(await bmc.power()).toBe('off');
    bench.chassis.faults.add({ match: '/Systems/1$', drop: true });
    expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_unreachable', retry: 'soon', effect: 'none' });
  });

  test('a connection cut during a reset: perhaps it was done, so we looked', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: 'ComputerSystem.Reset$', drop: true, count: 1 });
    expect(await faultOf(bmc.setPower('on'))).toMatchObject({ code: 'bmc_unreachable', effect: 'maybe' });
    await bmc.setPower('on');
    expect(bench.boots).toHaveLength(1);
  });

  test.each([
    ['power', (bmc: Bmc) => bmc.setPower('on')],
    ['boot', (bmc: Bmc) => bmc.bootOnce('network', 'uefi')],
    ['light', (bmc: Bmc) => bmc.setIdentifyLed(true)],
  ] as const)('%s: it agrees and does nothing', async (_name, write) => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Systems/1', lie: true });
    expect(await faultOf(write(bmc))).toMatchObject({ code: 'bmc_write_unverified', effect: 'maybe' });
  });

  test('an operating system that does not go down', async () => {
    const bmc = await open({
      power: 'on',
      machine: { onPowerOff: (how) => (how === 'hard' ? undefined : new Promise<void>(() => {})) },
    });
    expect(await faultOf(bmc.setPower('graceful_off'))).toMatchObject({ code: 'bmc_write_unverified', retry: 'later' });
    expect(bench.waited()).toBeGreaterThanOrEqual(300_000);
    await bmc.setPower('off');
    expect(await bmc.power()).toBe('off');
  });

  test('somebody else changed the resource between our reading and our writing', async () => {
    const bmc = await open();
    const { intercept } = bench.chassis.faults;
    let writes = 0;
    bench.chassis.faults.intercept = (request) => {
      if (request.write) writes += 1;
      if (request.write && writes === 1) bench.chassis.setLed(true);
      return intercept(request);
    };
    expect(await bmc.bootOnce('network', 'uefi')).toMatchObject({ device: 'network', once: true });
    expect(writes).toBe(2);
  });

  test('an inventory with holes is still an inventory', async () => {
    const bmc = await open();
    bench.chassis.faults.add({ match: '/Drives/1$', status: 500, count: 1 });
    bench.chassis.faults.add({ match: '/EthernetInterfaces$', status: 404 });
    const hardware = await bmc.hardware();
    expect(hardware).toMatchObject({ cpuCount: 2, nics: [], disks: [] });
    expect(hardware.warnings).toEqual([
      'EthernetInterfaces could not be read: bmc_unsupported',
      '/redfish/v1/Systems/1/Storage/1/Drives/1 could not be read: bmc_protocol_error',
    ]);
  });

  test('nobody there', async () => {
    const bmc = await open();
    await bench.server.close();
    stranded = 1;
    expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_unreachable', retry: 'soon' });
    expect(await faultOf(bench.connect({ credentials: CREDENTIALS }))).toMatchObject({ code: 'bmc_unreachable', effect: 'none' });
  });
});
