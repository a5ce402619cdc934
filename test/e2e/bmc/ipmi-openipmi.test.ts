// Our IPMI driver against OpenIPMI's simulator, which we did not write: cipher suite 3, as it refuses 17.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectIpmi } from '@rackwright/bmc/ipmi/connect-ipmi.ts';
import { needOrSkip } from '@rackwright/testkit/tools.ts';
import { expect, test } from 'vitest';
import { fastClock, HOST } from './ipmi-bench.ts';
import { OPENIPMI_CREDENTIALS, openIpmiSimulator } from './openipmi-simulator.ts';

const WHAT = "the IPMI driver against OpenIPMI's simulator";
/** Its answers take a while: it starts a shell for each power question. */
const options = () => ({ clock: fastClock(4), power: { restMs: 200 } });

test('power, boot device, log and identity', async (ctx) => {
  needOrSkip(ctx, WHAT, 'ipmi_sim');
  await using simulator = await openIpmiSimulator();
  const endpoint = { protocol: 'ipmi', address: HOST, port: simulator.port } as const;
  const bmc = await connectIpmi(endpoint, OPENIPMI_CREDENTIALS, options());
  expect([bmc.cipherSuite(), await bmc.power()]).toEqual([3, 'off']);
  await bmc.setPower('on');
  await bmc.setPower('reboot');
  await bmc.setPower('graceful_off');
  expect(await bmc.power()).toBe('off');
  expect(await readFile(join(simulator.folder, 'done'), 'utf8')).toBe('power 1\npower 0\npower 1\nshutdown\n');

  // It keeps the device and forgets mode and validity: the answer says no more than what it holds.
  expect(await bmc.bootOnce('network', 'uefi')).toMatchObject({ device: 'network' });
  expect(await readFile(join(simulator.folder, 'boot'), 'utf8')).toBe('pxe\n');

  expect(await bmc.eventLog()).toEqual([{ id: '1', at: null, severity: 'critical', message: 'temperature 1: upper critical' }]);
  expect(await bmc.identify()).toMatchObject({ bmcFirmware: '2.15', serial: '' });
  expect((await bmc.hardware()).warnings[0]).toContain('FRU');
  await bmc.close();
});

test('a cold reset, which it does not know, is said to be unsupported, and nothing else happens', async (ctx) => {
  needOrSkip(ctx, WHAT, 'ipmi_sim', 'ipmitool');
  await using simulator = await openIpmiSimulator();
  const { username, password } = OPENIPMI_CREDENTIALS;
  const place = ['-I', 'lanplus', '-C', '3', '-H', HOST, '-p', String(simulator.port), '-U', username, '-P', password];
  // As raw bytes: `mc reset cold` says that it was sent, whatever the answer was.
  const said = promisify(execFile)('ipmitool', [...place, 'raw', '0x06', '0x02']);
  await expect(said).rejects.toMatchObject({ stderr: expect.stringContaining('rsp=0xc1') });

  const endpoint = { protocol: 'ipmi', address: HOST, port: simulator.port } as const;
  const bmc = await connectIpmi(endpoint, OPENIPMI_CREDENTIALS, options());
  await bmc.setPower('on');
  await expect(bmc.resetBmc()).rejects.toMatchObject({ code: 'bmc_unsupported', retry: 'never' });
  // The session goes on as it was.
  expect(await bmc.power()).toBe('on');
  expect(await readFile(join(simulator.folder, 'done'), 'utf8')).toBe('power 1\n');
  await bmc.close();
});

test('a wrong password is refused', async (ctx) => {
  needOrSkip(ctx, WHAT, 'ipmi_sim');
  await using simulator = await openIpmiSimulator();
  const endpoint = { protocol: 'ipmi', address: HOST, port: simulator.port } as const;
  const wrong = { username: OPENIPMI_CREDENTIALS.username, password: 'not-the-password' };
  await expect(connectIpmi(endpoint, wrong, options())).rejects.toMatchObject({ code: 'bmc_auth_failed', retry: 'never' });
});

test('more sessions one after the other than it has room for', async (ctx) => {
  needOrSkip(ctx, WHAT, 'ipmi_sim');
  await using simulator = await openIpmiSimulator();
  for (let times = 0; times < 40; times++) {
    const bmc = await connectIpmi({ protocol: 'ipmi', address: HOST, port: simulator.port }, OPENIPMI_CREDENTIALS, options());
    expect(await bmc.power()).toBe('off');
    await bmc.close();
  }
});
