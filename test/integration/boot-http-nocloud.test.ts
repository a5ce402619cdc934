// Seeds over HTTP, calls home, and the join program itself run by a real shell against the real artifact route.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BootHttp, startBootHttp } from '@rackwright/boot-app/http/start-boot-http.ts';
import type { SeedValues } from '@rackwright/boot-app/http/needs.ts';
import { joinScript } from '@rackwright/documents/cloud-init/join-script.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type Ask, httpClient } from './boot-http-client.ts';
import { type BootWorld, bootWorld, sha256 } from './boot-http-world.ts';

const FROM = '127.0.0.5';
let world: BootWorld;
let http: BootHttp;
let ask: (path: string, how?: Ask) => Promise<Answer>;
let seed: SeedValues;

beforeEach(async () => {
  world = bootWorld();
  http = await startBootHttp({ host: '127.0.0.1', port: 0, needs: world.needs });
  ask = httpClient(http.port);
  const mac = '02:00:00:00:00:05';
  const { serverId } = world.server({ name: 'n1', address: FROM, mac });
  seed = { serverId, instanceId: 'srv_1-op_1', hostname: 'n1', network: { kind: 'dhcp', mac }, sshKeys: [] };
  world.seeds.set(serverId, seed);
});
afterEach(async () => {
  await http.close();
  world.close();
});

test('a server reads its own seed by its address, and its user-data once', async () => {
  expect((await ask('/nocloud/meta-data', { from: FROM })).text).toBe('instance-id: "srv_1-op_1"\nlocal-hostname: "n1"\n');
  expect((await ask('/nocloud/network-config', { from: FROM })).text).toContain('dhcp-identifier: mac');
  expect(await ask('/nocloud/vendor-data', { from: FROM })).toMatchObject({ status: 200, text: '' });
  expect((await ask('/nocloud/user-data', { from: FROM, method: 'HEAD' })).status).toBe(200);
  expect((await ask('/nocloud/user-data', { from: FROM })).text).toMatch(/^#cloud-config\nhostname: "n1"\n/);
  expect(await ask('/nocloud/user-data', { from: FROM })).toMatchObject({ status: 410, text: 'user_data_was_read_already\n' });
  world.seeds.set(seed.serverId, { ...seed, instanceId: 'srv_1-op_2' });
  expect((await ask('/nocloud/user-data', { from: FROM })).status).toBe(200);
});

test('nobody else reads it', async () => {
  expect((await ask('/nocloud/user-data', { from: '127.0.0.6' })).status).toBe(404);
  expect((await ask('/nocloud/user-data', { from: FROM })).status).toBe(200);
});

test('it calls home as cloud-init does', async () => {
  const form = { instance_id: 'srv_1-op_1', hostname: 'n1', fqdn: 'n1' };
  expect((await ask('/nocloud/phone-home', { from: FROM, form })).status).toBe(204);
  expect(world.calls).toEqual([
    { serverId: seed.serverId, instanceId: 'srv_1-op_1', hostname: 'n1', outcome: 'booted', code: '', detail: '' },
  ]);
  expect(world.woken).toEqual([seed.serverId]);
  expect((await ask('/nocloud/phone-home', { from: FROM, form: { ...form, instance_id: 'srv_1-op_0' } })).status).toBe(409);
  expect((await ask('/nocloud/phone-home', { from: '127.0.0.6', form })).status).toBe(404);
});

const KUBELET = '#!/bin/sh\necho Kubernetes v1.20.2\n';

/** The join program in a folder of its own: its paths moved there, and the commands that would change this machine replaced. */
async function runJoin(sha: string) {
  const root = mkdtempSync(join(tmpdir(), 'join-'));
  for (const folder of ['bin', 'stand-ins', 'etc']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'etc/fstab'), 'LABEL=rw-root / ext4 defaults 0 1\n/dev/sdb1 none swap sw 0 0\n');
  writeFileSync(join(root, 'instance-id'), 'srv_1-op_1');
  for (const name of ['swapoff', 'modprobe', 'sysctl', 'systemctl']) {
    writeFileSync(join(root, 'stand-ins', name), `#!/bin/sh\necho "${name} $*" >>${root}/commands\n`);
    chmodSync(join(root, 'stand-ins', name), 0o755);
  }
  // The boot app knows a server by its address, so curl calls from that one.
  writeFileSync(join(root, 'stand-ins/curl'), `#!/bin/sh\nexec /usr/bin/curl --interface ${FROM} "$@"\n`);
  chmodSync(join(root, 'stand-ins/curl'), 0o755);
  const artifacts = [{ name: 'kubelet-v1.20.2-amd64', sha256: sha, program: 'kubelet' }];
  const script = joinScript({ bootUrl: `http://127.0.0.1:${http.port}`, artifacts })
    .replaceAll('/usr/local/bin', `${root}/bin`)
    .replaceAll('/etc/fstab', `${root}/etc/fstab`)
    .replaceAll('/var/lib/cloud/data/instance-id', `${root}/instance-id`)
    .replaceAll('>/dev/console', `>>${root}/console`);
  const path = join(root, 'rackwright-join');
  writeFileSync(path, script);
  const env = { ...process.env, PATH: `${root}/stand-ins:${process.env.PATH}` };
  const exit = await new Promise<number>((resolve) => {
    execFile('/bin/sh', [path], { env }, (error) => resolve(error ? Number(error.code) : 0));
  });
  const read = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined);
  return { exit, read, clean: () => rmSync(root, { recursive: true }) };
}

test('the join program installs what is genuine, starts the kubelet and says so', async () => {
  world.file('artifacts', 'kubelet-v1.20.2-amd64', KUBELET);
  const { exit, read, clean } = await runJoin(sha256(KUBELET));
  expect(exit).toBe(0);
  expect(read('bin/kubelet')).toBe(KUBELET);
  expect(read('etc/fstab')).toBe('LABEL=rw-root / ext4 defaults 0 1\n');
  expect(read('commands')).toMatch(
    /^swapoff -a\nmodprobe overlay\nmodprobe br_netfilter\nsysctl --system\n[^]*systemctl restart kubelet\n$/,
  );
  expect(world.calls).toMatchObject([{ outcome: 'kubelet_started', instanceId: 'srv_1-op_1' }]);
  clean();
});

test('a kubelet that is not the one we meant is never installed, and everybody hears of it', async () => {
  world.file('artifacts', 'kubelet-v1.20.2-amd64', `${KUBELET}# and a little more\n`);
  const { exit, read, clean } = await runJoin(sha256(KUBELET));
  expect(exit).toBe(1);
  expect([read('bin/kubelet'), read('bin/kubelet.part')]).toEqual([undefined, undefined]);
  expect(read('commands')).not.toContain('systemctl');
  expect(read('console')).toContain('rackwright: FAILED artifact_checksum_mismatch: kubelet-v1.20.2-amd64 is ');
  expect(world.calls).toMatchObject([{ outcome: 'failed', code: 'artifact_checksum_mismatch' }]);
  clean();
});
