// Clients that we did not write drive our simulated BMC: OpenStack's sushy, DMTF's redfishtool, and curl.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { needOrSkip } from '@rackwright/testkit/tools.ts';
import { bmcCertificate } from '@rackwright/virtual-rack-app/redfish/bmc-certificate.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bench } from './redfish-bench.ts';
import { CREDENTIALS, SPEC, startBench } from './redfish-bench.ts';

const run = promisify(execFile);
const tls = bmcCertificate(['127.0.0.1']);
const { username, password } = CREDENTIALS;
let folder: string;
let ca: string;
let bench: Bench;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rackwright-redfish-'));
  ca = join(folder, 'ca.pem');
  await writeFile(ca, tls.cert);
  bench = await startBench({ tls });
});
afterEach(async () => {
  await bench.close();
  await rm(folder, { recursive: true });
});

/** An authority named in the environment would override the one we hand over. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { REQUESTS_CA_BUNDLE: _requests, CURL_CA_BUNDLE: _curl, ...rest } = process.env;
  return rest;
}

test('sushy: logs in three ways, reads the inventory, sets boot, light and power', async (ctx) => {
  needOrSkip(ctx, 'Redfish simulator under sushy', 'python3-sushy');
  const script = join(import.meta.dirname, 'redfish-sushy.py');
  // Debian's interpreter: another python3 may come first in PATH and know no sushy.
  const { stdout } = await run('/usr/bin/python3', [script, bench.server.url, username, password, ca], {
    env: cleanEnvironment(),
    timeout: 60_000,
  });
  expect(JSON.parse(stdout)).toEqual({
    basic: [SPEC.identity.uuid, 'Off'],
    session: [SPEC.identity.uuid, 'Off'],
    either: [SPEC.identity.uuid, 'Off'],
    resets: ['ForceOff', 'ForceRestart', 'GracefulShutdown', 'Nmi', 'On', 'PowerCycle', 'PushPowerButton'],
    targets: ['BiosSetup', 'Cd', 'Hdd', 'None', 'Pxe', 'UefiHttp'],
    nics: ['52:54:00:00:00:01', '52:54:00:00:00:02'],
    threads: 64,
    memory: 64,
    drives: ['DISK-1'],
    bmc: '1.2.3',
    serial: 'SN-0001',
    boot: ['Once', 'Pxe', 'UEFI'],
    led: 'Lit',
    on: 'On',
    off: 'Off',
    boot_after: 'Disabled',
    wrong: 401,
  });
  expect(bench.boots).toEqual([{ device: 'network', once: true, mode: 'uefi' }]);
  expect(bench.chassis.led()).toBe(true);
  expect(bench.server.sessions()).toBe(0);
});

test('redfishtool: sets the boot device and the power', async (ctx) => {
  needOrSkip(ctx, 'Redfish simulator under redfishtool', 'redfishtool');
  const { host } = new URL(bench.server.url);
  const account = ['-r', host, '-u', username, '-p', password, '-S', 'Always'];
  const tool = (way: string, ...words: string[]) =>
    run('redfishtool', [...account, '-A', way, 'Systems', '-1', ...words], { env: cleanEnvironment(), timeout: 60_000 });
  await tool('Session', 'setBootOverride', 'Once', 'Pxe');
  await tool('Basic', 'reset', 'On');
  expect(bench.boots).toEqual([expect.objectContaining({ device: 'network', once: true })]);
});

describe('curl', () => {
  type Shown = { status: number; headers: Record<string, string[]>; body: string };
  const curl = async (path: string, ...words: string[]): Promise<Shown> => {
    const shape = '\n%{http_code}\n%{header_json}';
    const { stdout } = await run('curl', ['-sS', '--cacert', ca, '-w', shape, ...words, bench.server.url + path], {
      env: cleanEnvironment(),
      timeout: 20_000,
    });
    const [, body = '', status = '', headers = '{}'] = /^([\s\S]*)\n(\d{3})\n(\{[\s\S]*)$/.exec(stdout) ?? [];
    return { status: Number(status), headers: JSON.parse(headers), body };
  };
  const system = '/redfish/v1/Systems/1';
  const account = ['-u', `${username}:${password}`];
  const patch = (change: object, ...words: string[]) =>
    curl(system, ...account, '-X', 'PATCH', '-H', 'content-type: application/json', '-d', JSON.stringify(change), ...words);

  test('the root is open, the rest is not', async (ctx) => {
    needOrSkip(ctx, 'Redfish simulator under curl', 'curl');
    expect(await curl('/redfish/v1/')).toMatchObject({ status: 200, headers: { 'odata-version': ['4.0'] } });
    expect(JSON.parse((await curl('/redfish')).body)).toEqual({ v1: '/redfish/v1/' });
    expect(await curl(system)).toMatchObject({ status: 401, headers: { 'www-authenticate': ['Basic realm="Redfish"'] } });
    expect((await curl(system, '-u', 'admin:wrong')).status).toBe(401);
    expect((await curl(system, ...account)).status).toBe(200);
    expect((await curl('/redfish/v1/Systems/2', ...account)).status).toBe(404);
    expect((await curl('/redfish/v1/', '-H', 'OData-Version: 4.1')).status).toBe(412);
  });

  test('If-Match: stale is refused, fresh is taken', async (ctx) => {
    needOrSkip(ctx, 'Redfish simulator under curl', 'curl');
    const etag = (await curl(system, ...account)).headers['etag']?.[0] ?? '';
    const boot = { Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' } };
    expect((await patch(boot, '-H', 'If-Match: "old"')).status).toBe(412);
    expect(bench.chassis.bootOverride().device).toBe('none');
    expect((await patch(boot, '-H', `If-Match: ${etag}`)).status).toBe(204);
    expect(bench.chassis.bootOverride()).toEqual({ device: 'network', once: true, mode: 'uefi' });
    expect((await patch(boot, '-H', `If-Match: ${etag}`)).status).toBe(412);
  });

  test('what cannot be is refused whole, with a message', async (ctx) => {
    needOrSkip(ctx, 'Redfish simulator under curl', 'curl');
    const bad = await patch({ IndicatorLED: 'Lit', Boot: { BootSourceOverrideTarget: 'Tape' } });
    expect([bad.status, bench.chassis.led()]).toEqual([400, false]);
    const { error } = JSON.parse(bad.body);
    expect(error['@Message.ExtendedInfo'][0].MessageId).toBe('Base.1.12.PropertyValueNotInList');
    expect((await patch({ PowerState: 'On' })).status).toBe(400);
    const put = await curl(system, ...account, '-X', 'PUT', '-d', '{}');
    expect(put).toMatchObject({ status: 405, headers: { allow: ['GET, HEAD, PATCH'] } });
    const broken = await curl(system, ...account, '-X', 'PATCH', '-d', '{"Boot":');
    expect(broken.status).toBe(400);
  });

  test('sessions: as many as there are places', async (ctx) => {
    needOrSkip(ctx, 'Redfish simulator under curl', 'curl');
    const body = JSON.stringify({ UserName: username, Password: password });
    const logIn = () => curl('/redfish/v1/SessionService/Sessions', '-H', 'content-type: application/json', '-d', body);
    const opened: Shown[] = [];
    for (let place = 0; place < 8; place += 1) opened.push(await logIn());
    expect(opened.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
    const full = await logIn();
    expect([full.status, full.body]).toEqual([503, expect.stringContaining('SessionLimitExceeded')]);

    const [first] = opened;
    const token = `X-Auth-Token: ${first?.headers['x-auth-token']?.[0]}`;
    expect((await curl(system, '-H', token)).status).toBe(200);
    expect((await curl(first?.headers['location']?.[0] ?? '', '-X', 'DELETE', '-H', token)).status).toBe(204);
    expect((await curl(system, '-H', token)).status).toBe(401);
    expect([(await logIn()).status, bench.server.sessions()]).toEqual([201, 8]);
  });
});
