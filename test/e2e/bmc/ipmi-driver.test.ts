// Our IPMI driver against our simulated BMC over real sockets: cipher suite 17, verified writes, faults and bad wires.
import type { IpmiBmc, IpmiOptions } from '@rackwright/bmc/ipmi/connect-ipmi.ts';
import { connectIpmi } from '@rackwright/bmc/ipmi/connect-ipmi.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { PAYLOAD } from '@rackwright/protocols/ipmi/constants.ts';
import { expect, test } from 'vitest';
import { bench, CREDENTIALS, fastClock, HOST, payloadType, tappedWire } from './ipmi-bench.ts';

/** No faster: on a busy machine an answer within the sped-up schedule must stay the rule. */
const SPEED = 12;

function connect(port: number, options: IpmiOptions = {}, credentials = CREDENTIALS): Promise<IpmiBmc> {
  return connectIpmi({ protocol: 'ipmi', address: HOST, port }, credentials, { clock: fastClock(SPEED), ...options });
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const outcome = await promise.then(
    () => new Error('no fault'),
    (cause: unknown) => cause,
  );
  if (outcome instanceof Fault) return outcome;
  throw outcome;
}

test('power goes where it is told, and the driver returns when it is there', async () => {
  const done: string[] = [];
  await using box = await bench({
    onPowerOff(how) {
      done.push(how);
    },
  });
  const bmc = await connect(box.server.port);
  expect(bmc.cipherSuite()).toBe(17);
  expect(await bmc.power()).toBe('off');
  await bmc.setPower('on');
  expect(box.chassis.power()).toBe('on');
  await bmc.setPower('on');
  await bmc.setPower('reboot');
  expect(box.chassis.power()).toBe('on');
  await bmc.setPower('graceful_off');
  expect([box.chassis.power(), ...done]).toEqual(['off', 'hard', 'graceful']);
  await bmc.close();
});

test('the BMC itself is restarted, and the machine stays as it is', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port);
  await bmc.setPower('on');
  await bmc.resetBmc();
  expect(box.chassis.events().at(-1)).toMatchObject({ message: 'BMC was restarted' });
  expect(await bmc.power()).toBe('on');
  await bmc.close();
});

test('a one-time boot is set, read back, used up and cleared', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port);
  expect(await bmc.bootOnce('network', 'uefi')).toEqual({ device: 'network', once: true, mode: 'uefi' });
  expect(box.chassis.bootOverride()).toEqual({ device: 'network', once: true, mode: 'uefi' });
  await bmc.setPower('on');
  expect(await bmc.bootOverride()).toEqual({ device: 'none', once: true, mode: 'unknown' });
  box.chassis.setBootOverride({ device: 'disk', once: false, mode: 'bios' });
  expect(await bmc.bootOverride()).toEqual({ device: 'disk', once: false, mode: 'bios' });
  expect((await bmc.bootOnce('none', 'uefi')).device).toBe('none');
  expect(box.chassis.bootOverride().device).toBe('none');
  await bmc.close();
});

test('identity, parts, light and log', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port);
  const identity = { vendor: 'Dell Inc.', model: 'PowerEdge R650', serial: 'ABC1234', bmcFirmware: '6.10' };
  expect(await bmc.identify()).toEqual({ ...identity, uuid: '6a1e7c52-93f4-4b0d-8c21-0f5e6d7c8b9a' });
  expect((await bmc.hardware()).warnings).toEqual(['processors, memory, network cards and disks cannot be read by IPMI']);
  await bmc.setIdentifyLed(true);
  expect([await bmc.identifyLed(), box.chassis.led()]).toEqual([true, true]);
  await bmc.setIdentifyLed(false);
  expect(box.chassis.led()).toBe(false);
  expect(await bmc.eventLog()).toEqual([]);
  for (let n = 0; n < 40; n++) box.chassis.logEvent(n % 2 === 0 ? 'warning' : 'critical', `event ${n}`);
  const log = await bmc.eventLog();
  expect(log.length).toBe(40);
  expect(log.slice(0, 2).map(({ id, severity }) => [id, severity])).toEqual([
    ['1', 'warning'],
    ['2', 'critical'],
  ]);
  expect(Date.parse(log[0]?.at ?? '')).toBeGreaterThan(Date.parse('2020-01-01'));
  await bmc.close();
});

test.each([
  ['wrong password', { username: 'admin', password: 'not-the-password' }],
  ['unknown user', { username: 'nobody', password: CREDENTIALS.password }],
])('%s: one try, one Fault, never again', async (_why, credentials) => {
  await using box = await bench();
  let knocks = 0;
  await using wire = await tappedWire(box.server.port, (datagram) => {
    if (payloadType(datagram) === PAYLOAD.rakp1) knocks += 1;
    return [datagram];
  });
  const fault = await faultOf(connect(wire.port, {}, credentials));
  expect(fault).toMatchObject({ code: 'bmc_auth_failed', retry: 'never', effect: 'none' });
  expect(fault.message).not.toContain(credentials.password);
  expect(knocks).toBe(1);
});

test('a password that IPMI cannot carry is refused before anything is sent', async () => {
  await using box = await bench();
  let sent = 0;
  await using wire = await tappedWire(box.server.port, (datagram) => {
    sent += 1;
    return [datagram];
  });
  const fault = await faultOf(connect(wire.port, {}, { username: 'admin', password: 'more than twenty bytes' }));
  expect([fault.code, sent]).toEqual(['bmc_auth_failed', 0]);
});

test('nobody there: unreachable, soon again', async () => {
  const box = await bench();
  await box.server.close();
  const fault = await faultOf(connect(box.server.port));
  expect(fault).toMatchObject({ code: 'bmc_unreachable', retry: 'soon', effect: 'none' });
});

test('falls back to suite 3 where 17 is refused', async () => {
  await using box = await bench();
  // Turns the console's wish for SHA-256 into an algorithm nobody has: the BMC answers "no match", as old ones do.
  await using wire = await tappedWire(box.server.port, (datagram, direction) => {
    if (direction === 'to_console' || payloadType(datagram) !== PAYLOAD.openSessionRequest || datagram[28] !== 3)
      return [datagram];
    return [datagram.with(28, 9)];
  });
  const bmc = await connect(wire.port);
  expect([bmc.cipherSuite(), await bmc.power()]).toEqual([3, 'off']);
  await bmc.close();
});

test.each([
  ['refuses both suites', 'bmc_unsupported', 'never', (datagram: Uint8Array) => [datagram.with(28, 9)]],
  ['falls silent', 'bmc_unreachable', 'soon', (datagram: Uint8Array) => (datagram[28] === 3 ? [datagram.with(28, 9)] : [])],
] as const)('a BMC that %s is %s', async (_what, code, retry, twist) => {
  await using box = await bench();
  await using wire = await tappedWire(box.server.port, (datagram) =>
    payloadType(datagram) === PAYLOAD.openSessionRequest ? twist(datagram) : [datagram],
  );
  expect(await faultOf(connect(wire.port))).toMatchObject({ code, retry, effect: 'none' });
});

test('lost, doubled and late datagrams change no answer, and a write happens once', async () => {
  let resets = 0;
  await using box = await bench({
    onPowerOn() {
      resets += 1;
    },
  });
  let n = 0;
  let held: Uint8Array | undefined;
  await using wire = await tappedWire(box.server.port, (datagram, direction) => {
    if (payloadType(datagram) !== PAYLOAD.ipmi) return [datagram];
    n += 1;
    if (direction === 'to_console' && n % 3 === 0) return []; // lost
    if (n % 4 === 0) return [datagram, datagram]; // doubled
    const late = held;
    held = datagram;
    return late && direction === 'to_bmc' ? [datagram, late] : [datagram]; // and an old one behind it
  });
  const bmc = await connect(wire.port);
  await bmc.setPower('on');
  for (let times = 0; times < 10; times++) expect(await bmc.power()).toBe('on');
  expect(resets).toBe(1);
  await bmc.close();
});

test('a write whose answer never comes is read back, not repeated', async () => {
  let offs = 0;
  await using box = await bench({
    onPowerOff() {
      offs += 1;
    },
  });
  let deaf = false;
  await using wire = await tappedWire(box.server.port, (datagram, direction) =>
    deaf && direction === 'to_console' ? [] : [datagram],
  );
  const bmc = await connect(wire.port);
  await bmc.setPower('on');
  box.chassis.faults.add({ match: '^Chassis Control$', delayMs: 60_000, count: 1 });
  await bmc.setPower('off');
  expect([box.chassis.power(), offs]).toEqual(['off', 1]);
  deaf = true;
  expect(await faultOf(bmc.setIdentifyLed(true))).toMatchObject({ code: 'bmc_unreachable' });
  await bmc.close();
});

test('a BMC that lies about writes is found out', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port, { power: { settle: { everyMs: 2_000, withinMs: 20_000 } } });
  box.chassis.faults.add({ match: '.', lie: true });
  expect(await faultOf(bmc.setPower('on'))).toMatchObject({ code: 'bmc_write_unverified', effect: 'maybe' });
  expect(await faultOf(bmc.bootOnce('network', 'uefi'))).toMatchObject({ code: 'bmc_write_unverified' });
  expect(await faultOf(bmc.setIdentifyLed(true))).toMatchObject({ code: 'bmc_write_unverified' });
  expect(box.chassis.power()).toBe('off');
  await bmc.close();
});

test('a busy BMC is asked again, and again, and then said to be busy', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port);
  box.chassis.faults.add({ match: '^Get Chassis Status$', status: 0xc0, count: 2 });
  expect(await bmc.power()).toBe('off');
  box.chassis.faults.add({ match: '^Get Chassis Status$', status: 0xc0 });
  expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_busy', retry: 'soon' });
  box.chassis.faults.clear();
  box.chassis.faults.add({ match: '^Chassis Identify$', status: 0xc1 });
  expect(await faultOf(bmc.setIdentifyLed(true))).toMatchObject({ code: 'bmc_unsupported', retry: 'never' });
  await bmc.close();
});

test('labels that cannot be read are a warning', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port);
  box.chassis.faults.add({ match: '^Read FRU Data$', status: 0xc9 });
  const { identity, warnings } = await bmc.hardware();
  expect(identity).toMatchObject({ vendor: 'Dell', serial: '', uuid: '6a1e7c52-93f4-4b0d-8c21-0f5e6d7c8b9a' });
  expect(warnings[0]).toContain('FRU');
  await bmc.close();
});

test('a graceful off that never ends is a Fault, and a hard one still works', async () => {
  await using box = await bench({ onPowerOff: (how) => (how === 'graceful' ? new Promise<void>(() => {}) : undefined) });
  const bmc = await connect(box.server.port, { power: { graceful: { everyMs: 5_000, withinMs: 30_000 } } });
  await bmc.setPower('on');
  expect(await faultOf(bmc.setPower('graceful_off'))).toMatchObject({ code: 'bmc_write_unverified' });
  await bmc.setPower('off');
  expect(box.chassis.power()).toBe('off');
  await bmc.close();
});

test('one command at a time, however many ask', async () => {
  await using box = await bench();
  let asked = 0;
  let most = 0;
  await using wire = await tappedWire(box.server.port, (datagram, direction) => {
    if (payloadType(datagram) === PAYLOAD.ipmi) asked += direction === 'to_bmc' ? 1 : -1;
    most = Math.max(most, asked);
    return [datagram];
  });
  const bmc = await connect(wire.port, { clock: fastClock(1) });
  expect(new Set(await Promise.all(Array.from({ length: 30 }, () => bmc.power())))).toEqual(new Set(['off']));
  expect(most).toBe(1);
  const crowd = await Promise.allSettled(Array.from({ length: 100 }, () => bmc.power()));
  const refused = crowd.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBe(100 - 32);
  await bmc.close();
});

test('sessions are few: the fifth is told so, and a closed one makes room', async () => {
  await using box = await bench();
  const four = await Promise.all(Array.from({ length: 4 }, () => connect(box.server.port)));
  expect(await faultOf(connect(box.server.port))).toMatchObject({ code: 'bmc_busy' });
  await four[0]?.close();
  const fifth = await connect(box.server.port);
  expect(await fifth.power()).toBe('off');
  for (const bmc of [...four, fifth]) await bmc.close();
});

test('sessions that went silent make room, and a driver whose session is gone opens another', async () => {
  let time = 0;
  await using box = await bench({}, () => time);
  const clock = fastClock(SPEED);
  const sleepy = await connect(box.server.port, { clock });
  const others = await Promise.all(Array.from({ length: 3 }, () => connect(box.server.port)));
  time += 61_000;
  const fresh = await connect(box.server.port);
  // The BMC has forgotten the session; the driver finds out by silence.
  expect(await sleepy.power()).toBe('off');
  // And does not even ask in a session that must be stale.
  clock.skip(50_000);
  expect(await sleepy.power()).toBe('off');
  for (const bmc of [sleepy, fresh, ...others]) await bmc.close();
});

test('an operator is enough', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port, { privilege: 'operator' });
  await bmc.setPower('on');
  await bmc.bootOnce('disk', 'bios');
  expect([box.chassis.power(), box.chassis.bootOverride().device]).toEqual(['on', 'disk']);
  await bmc.close();
});

test('a closed Bmc says so', async () => {
  await using box = await bench();
  const bmc = await connect(box.server.port);
  await bmc.close();
  await bmc.close();
  expect(await faultOf(bmc.power())).toMatchObject({ code: 'bmc_unreachable' });
});

test('a thousand BMCs in one process, each asked', async () => {
  const boxes = await Promise.all(Array.from({ length: 1_000 }, () => bench()));
  try {
    for (let first = 0; first < boxes.length; first += 50) {
      const powers = boxes.slice(first, first + 50).map(async ({ server }) => {
        const bmc = await connect(server.port, { clock: fastClock(1) });
        await bmc.setPower('on');
        const power = await bmc.power();
        await bmc.close();
        return power;
      });
      expect(new Set(await Promise.all(powers))).toEqual(new Set(['on']));
    }
    expect(boxes.filter(({ chassis }) => chassis.power() === 'on').length).toBe(1_000);
  } finally {
    for (const box of boxes) await box[Symbol.asyncDispose]();
  }
});
