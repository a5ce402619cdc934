// The simulated chassis: changes take their time, overrides are used up, and a hard off does not wait for a graceful one.
import { expect, test } from 'vitest';
import { type ChassisBoot, type ChassisMachine, type ChassisSpec, simulatedChassis } from './chassis.ts';
import { faultRules } from './faults.ts';

const SPEC: ChassisSpec = {
  identity: { vendor: 'V', model: 'M', serial: 'S', uuid: 'U', assetTag: 'A', bmcFirmware: '1.0', biosVersion: '2.0' },
  hardware: { cpus: [], memory: [], nics: [], disks: [] },
  now: () => new Date('2026-01-01T00:00:00Z'),
};

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A machine whose changes end when the test says so. */
function machineOnCue() {
  const done: string[] = [];
  const boots: ChassisBoot[] = [];
  const cues: { end(): void; fail(why: string): void }[] = [];
  const change = (name: string) => {
    done.push(name);
    return new Promise<void>((resolve, reject) => cues.push({ end: resolve, fail: (why) => reject(new Error(why)) }));
  };
  const machine: ChassisMachine = {
    onPowerOn(boot) {
      boots.push(boot);
      return change('on');
    },
    onPowerOff: (how) => change(`off ${how}`),
    onReset(boot) {
      boots.push(boot);
      return change('reset');
    },
  };
  return {
    machine,
    done,
    boots,
    /** Ends the oldest change that still runs. */
    end: async () => {
      cues.shift()?.end();
      await settle();
    },
    fail: async (why: string) => {
      cues.shift()?.fail(why);
      await settle();
    },
  };
}

test('power changes when the machine is done, and is logged', async () => {
  const { machine, end } = machineOnCue();
  const chassis = simulatedChassis(SPEC, machine);
  expect([chassis.power(), chassis.act('on'), chassis.power()]).toEqual(['off', 'accepted', 'powering_on']);
  await end();
  expect(chassis.power()).toBe('on');
  expect(chassis.events().map(({ message }) => message)).toEqual(['System power is on']);
});

test('a one-time override is used up by the next boot, a lasting one is not', async () => {
  const { machine, boots, end } = machineOnCue();
  const chassis = simulatedChassis({ ...SPEC, power: 'on' }, machine);
  chassis.setBootOverride({ device: 'network', once: true, mode: 'uefi' });
  chassis.act('reset');
  await end();
  chassis.setBootOverride({ device: 'disk', once: false, mode: 'bios' });
  chassis.act('cycle');
  await end();
  await end();
  chassis.act('reset');
  await end();
  expect(boots.map(({ device }) => device)).toEqual(['network', 'disk', 'disk']);
  expect(chassis.bootOverride()).toEqual({ device: 'disk', once: false, mode: 'bios' });
  expect(chassis.takeBoot().device).toBe('disk');
});

test('a hard off overtakes a graceful one, whose late end changes nothing', async () => {
  const { machine, done, end } = machineOnCue();
  const chassis = simulatedChassis({ ...SPEC, power: 'on' }, machine);
  chassis.act('graceful_off');
  expect(chassis.act('off')).toBe('accepted');
  await end();
  expect(chassis.power()).toBe('powering_off');
  await end();
  expect([chassis.power(), ...done]).toEqual(['off', 'off graceful', 'off hard']);
});

test.each([
  ['off', 'reset', 'refused'],
  ['off', 'cycle', 'refused'],
  ['off', 'nmi', 'refused'],
  ['off', 'off', 'already'],
  ['off', 'graceful_off', 'already'],
  ['on', 'on', 'already'],
] as const)('while %s, %s is %s', (power, action, outcome) => {
  const { machine, done } = machineOnCue();
  expect(simulatedChassis({ ...SPEC, power }, machine).act(action)).toBe(outcome);
  expect(done).toEqual([]);
});

test('a machine that fails to start leaves the power off and an event', async () => {
  const { machine, fail } = machineOnCue();
  const chassis = simulatedChassis(SPEC, machine);
  chassis.act('on');
  await fail('no memory found');
  expect(chassis.power()).toBe('off');
  expect(chassis.events().at(-1)).toMatchObject({ severity: 'critical', message: 'Power fault: no memory found' });
});

test('the event log is bounded and keeps the newest', () => {
  const chassis = simulatedChassis(SPEC, machineOnCue().machine);
  for (let n = 1; n <= 600; n++) chassis.logEvent('ok', `event ${n}`);
  expect(chassis.events().length).toBe(512);
  expect(chassis.events().at(-1)).toMatchObject({ id: 600, message: 'event 600' });
});

test('a fault rule spoils as many requests as it says, and lies only about writes', () => {
  const faults = faultRules([{ match: 'chassis control', lie: true, count: 2 }]);
  const ask = (write: boolean) => faults.intercept({ protocol: 'ipmi', target: 'Chassis Control', write });
  expect([ask(false), ask(true), ask(true), ask(true)]).toEqual([
    undefined,
    { ignoreWrite: true },
    { ignoreWrite: true },
    undefined,
  ]);
});

test('fault rules are told apart by protocol and bounded in number', () => {
  const faults = faultRules();
  const id = faults.add({ match: '.', protocol: 'redfish', status: 503, delayMs: 10 });
  expect(faults.intercept({ protocol: 'ipmi', target: 'x', write: false })).toBeUndefined();
  expect(faults.intercept({ protocol: 'redfish', target: 'x', write: false })).toEqual({ status: 503, delayMs: 10 });
  expect(faults.remove(id)).toBe(true);
  for (let n = 0; n < 100; n++) faults.add({ match: 'x' });
  expect(() => faults.add({ match: 'x' })).toThrow(RangeError);
});
