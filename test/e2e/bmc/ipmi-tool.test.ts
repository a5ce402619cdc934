// ipmitool, which we did not write, against our simulated BMC: both cipher suites, every command of the rack.
import { execFile } from 'node:child_process';
import { needOrSkip } from '@rackwright/testkit/tools.ts';
import { describe, expect, test } from 'vitest';
import { type Bench, bench, CREDENTIALS, HOST } from './ipmi-bench.ts';

type Outcome = { code: number; out: string };

/** `words` are ipmitool's command. Never rejects: what ipmitool says and how it ends is what is tested. */
function ipmitool({ server }: Bench, suite: number | 'best', words: string, password = CREDENTIALS.password): Promise<Outcome> {
  const place = ['-I', 'lanplus', '-H', HOST, '-p', String(server.port), '-U', CREDENTIALS.username, '-P', password];
  const args = [...place, ...(suite === 'best' ? [] : ['-C', String(suite)]), ...words.split(' ')];
  return new Promise((resolve) => {
    execFile('ipmitool', args, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out: stdout + stderr });
    });
  });
}

describe.each([3, 17] as const)('cipher suite %i', (suite) => {
  test('power', async (ctx) => {
    needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
    const done: string[] = [];
    const note = (what: string) => () => {
      done.push(what);
    };
    await using box = await bench({ onPowerOn: note('on'), onPowerOff: (how) => note(`off ${how}`)(), onReset: note('reset') });
    const say = async (words: string) => {
      const { code, out } = await ipmitool(box, suite, words);
      expect(code, out).toBe(0);
      return out;
    };
    expect(await say('power status')).toBe('Chassis Power is off\n');
    await say('power on');
    expect(await say('power status')).toBe('Chassis Power is on\n');
    await say('power cycle');
    await say('power reset');
    await say('power soft');
    expect(await say('power status')).toBe('Chassis Power is off\n');
    await say('power on');
    await say('power off');
    expect(await say('chassis status')).toMatch(/System Power +: off/);
    expect(done).toEqual(['on', 'off hard', 'on', 'reset', 'off graceful', 'on', 'off hard']);
    expect((await ipmitool(box, suite, 'power reset')).code).not.toBe(0); // it is off
  });

  test('a cold reset of the BMC; the machine stays on', async (ctx) => {
    needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
    const done: string[] = [];
    const note = (what: string) => () => void done.push(what);
    await using box = await bench({ onPowerOn: note('on'), onPowerOff: note('off'), onReset: note('reset') });
    expect((await ipmitool(box, suite, 'power on')).code).toBe(0);
    expect(await ipmitool(box, suite, 'mc reset cold')).toEqual({ code: 0, out: 'Sent cold reset command to MC\n' });
    expect(box.chassis.events().at(-1)).toMatchObject({ message: 'BMC was restarted' });
    expect((await ipmitool(box, suite, 'power status')).out).toBe('Chassis Power is on\n');
    expect(done).toEqual(['on']);
  });

  test('a new password for the user', async (ctx) => {
    needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
    await using box = await bench();
    const fresh = 'Fresh-Pass.1';
    expect((await ipmitool(box, suite, `user set password 2 ${fresh}`)).code).toBe(0);
    expect((await ipmitool(box, suite, 'power status', fresh)).out).toBe('Chassis Power is off\n');
    expect((await ipmitool(box, suite, 'power status')).code).not.toBe(0);
  });

  test('boot options', async (ctx) => {
    needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
    await using box = await bench();
    const say = (words: string) => ipmitool(box, suite, words);
    expect((await say('chassis bootdev pxe options=efiboot,persistent')).code).toBe(0);
    expect(box.chassis.bootOverride()).toEqual({ device: 'network', once: false, mode: 'uefi' });
    const told = (await say('chassis bootparam get 5')).out;
    expect(told).toContain('Boot parameter data: e004000000');
    for (const part of ['Boot Flag Valid', 'all future boots', 'BIOS EFI boot', 'Force PXE']) expect(told).toContain(part);
    expect((await say('chassis bootdev disk')).code).toBe(0);
    expect(box.chassis.bootOverride()).toEqual({ device: 'disk', once: true, mode: 'bios' });
    expect((await say('chassis bootparam get 5')).out).toContain('Boot parameter data: 8008000000');
    expect((await say('chassis bootdev none')).code).toBe(0);
    expect(box.chassis.bootOverride().device).toBe('none');
  });

  test('who it is, its labels, its log, its light', async (ctx) => {
    needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
    await using box = await bench();
    const say = (words: string) => ipmitool(box, suite, words);
    expect((await say('mc info')).out).toMatch(/Firmware Revision +: 6\.10[\s\S]*IPMI Version +: 2\.0[\s\S]*Dell Inc\./);
    expect((await say('mc guid')).out).toContain('6a1e7c52-93f4-4b0d-8c21-0f5e6d7c8b9a');
    const labels = await say('fru print');
    expect(labels.code, labels.out).toBe(0);
    expect(labels.out).toMatch(/Product Name +: PowerEdge R650\n Product Serial +: ABC1234\n Product Asset Tag +: RACK-7\n/);
    expect((await say('sdr list all')).out).toContain('BMC');
    await say('power on');
    box.chassis.logEvent('critical', 'the roof is on fire');
    const log = (await say('sel list')).out;
    expect(log).toMatch(/1 \| .* \| Power Unit #0x01 \| Power off\/down \| Deasserted/);
    expect(log).toMatch(/2 \| .* \| System Event #0x02 \| Transition to Critical from less severe \| Asserted/);
    expect((await say('chassis identify force')).code).toBe(0);
    expect(box.chassis.led()).toBe(true);
    expect((await say('chassis identify 0')).code).toBe(0);
    expect(box.chassis.led()).toBe(false);
  });

  test('a wrong password and an injected fault', async (ctx) => {
    needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
    await using box = await bench();
    const refused = await ipmitool(box, suite, 'power on', 'not-the-password');
    expect(refused.code).not.toBe(0);
    expect([refused.out, box.chassis.power()]).toEqual(['Error: Unable to establish IPMI v2 / RMCP+ session\n', 'off']);
    box.chassis.faults.add({ match: '^Chassis Control$', status: 0xc0, count: 1 });
    expect((await ipmitool(box, suite, 'power on')).out).toContain('Node busy');
    expect((await ipmitool(box, suite, 'power on')).code).toBe(0);
  });
});

test('left to itself ipmitool finds a suite in our list', async (ctx) => {
  needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
  await using box = await bench();
  expect(await ipmitool(box, 'best', 'power status')).toEqual({ code: 0, out: 'Chassis Power is off\n' });
});

test('suites without authentication, integrity or encryption are refused', async (ctx) => {
  needOrSkip(ctx, 'ipmitool against the simulated BMC', 'ipmitool');
  await using box = await bench();
  for (const suite of [0, 1, 2, 8]) expect((await ipmitool(box, suite, 'power status')).code, `suite ${suite}`).not.toBe(0);
});
