// The boot app over HTTP, before any agent runs: which script a server gets, and the files it then fetches.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { type BootHttp, startBootHttp } from '@rackwright/boot-app/http/start-boot-http.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type Ask, httpClient } from './boot-http-client.ts';
import { type BootWorld, bootWorld, eventually, sha256 } from './boot-http-world.ts';

const MAC = '02:00:00:00:00:05';
const ADDRESS = '127.0.0.5';
let world: BootWorld;
let http: BootHttp;
let ask: (path: string, how?: Ask) => Promise<Answer>;

async function start(settings: { transfers?: number; unknownServers?: 'ignore' | 'discover' } = {}) {
  world = bootWorld(settings);
  http = await startBootHttp({ host: '127.0.0.1', port: 0, needs: world.needs, ...settings });
  ask = httpClient(http.port);
}
async function stop() {
  await http.close();
  world.close();
}
beforeEach(() => start());
afterEach(stop);

const script = (from = ADDRESS, query = `mac=${MAC}&uuid=&serial=&platform=efi&arch=x86_64`) =>
  ask(`/boot/script.ipxe?${query}`, { from });

test('a server with a boot ticket runs the agent with its token', async () => {
  const { token } = world.server({ name: 'r1-u05', mac: MAC, address: ADDRESS }).openTicket();
  const { status, text } = await script();
  expect(status).toBe(200);
  expect(text).toContain(`rackwright.url=http://127.0.0.1:${http.port} rackwright.token=${token} `);
  expect(JSON.stringify(world.logged)).not.toContain(token);
});

test('from another address than its reserved one it gets no token', async () => {
  const { token } = world.server({ name: 'r1-u05', mac: MAC, address: ADDRESS }).openTicket();
  const { text } = await script('127.0.0.6');
  expect(text).not.toContain(token);
  expect(text).toBe('#!ipxe\necho Rackwright: nothing to boot (127.0.0.6 is not the address reserved for it)\nexit 1\n');
});

test('once installed it starts its disk, as its firmware does that', async () => {
  world.server({ name: 'r1-u05', mac: MAC, address: ADDRESS, firmwareMode: 'bios' }).bootDisk();
  expect((await script(ADDRESS, `mac=${MAC}&platform=pcbios&arch=i386`)).text).toContain(
    'sanboot --no-describe --drive 0x80 || exit\n',
  );
  expect((await script(ADDRESS, `mac=${MAC}&platform=efi&arch=x86_64`)).text).toContain('\nexit 1\n');
  // As our DHCP server writes the URL, and known by its address alone.
  expect((await script(ADDRESS, `mac=${MAC}&architecture=bios_x86`)).text).toContain('sanboot');
  expect((await script(ADDRESS, 'mac=')).text).toContain('sanboot');
});

test('strangers are left alone, or discovered where the network says so', async () => {
  expect((await script('127.0.0.9')).text).toContain('nothing to boot (unknown server on a network that ignores strangers)');
  await stop();
  await start({ unknownServers: 'discover' });
  expect((await script('127.0.0.9')).text).toMatch(
    /unknown 02:00:00:00:00:05 runs the install agent .*\n.*\n.*rackwright\.token=d1\./,
  );
});

test('who does not say who it is, is told how to', async () => {
  const { text } = await ask('/boot/script.ipxe');
  expect(text).toBe((await ask('/boot/autoexec.ipxe')).text);
  expect(text).toContain(`chain --replace --autofree http://127.0.0.1:${http.port}/boot/script.ipxe?mac=\${netX/mac}&`);
});

test('a file: whole, its head, ranges, unchanged', async () => {
  world.file('boot', 'agent.kernel', '0123456789');
  const whole = await ask('/boot/agent.kernel');
  expect([whole.status, whole.text, whole.headers['accept-ranges']]).toEqual([200, '0123456789', 'bytes']);
  const head = await ask('/boot/agent.kernel', { method: 'HEAD' });
  expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '10']);
  const ranges: [header: string, status: number, text: string, contentRange?: string][] = [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, 'range_outside_file\n', 'bytes */10'],
    ['bytes=4-2', 200, '0123456789'],
    ['bytes=0-1,4-5', 200, '0123456789'],
  ];
  for (const [range, status, text, contentRange] of ranges) {
    const answer = await ask('/boot/agent.kernel', { headers: { range } });
    expect([range, answer.status, answer.text, answer.headers['content-range']]).toEqual([range, status, text, contentRange]);
  }
  const etag = `"${sha256('0123456789')}"`;
  expect(whole.headers.etag).toBe(etag);
  expect((await ask('/boot/agent.kernel', { headers: { 'if-none-match': etag } })).status).toBe(304);
  const stale = await ask('/boot/agent.kernel', { headers: { range: 'bytes=2-4', 'if-range': '"other"' } });
  expect([stale.status, stale.text]).toEqual([200, '0123456789']);
});

test.each(['/boot/none', '/boot/..%2fetc%2fpasswd', '/boot/../../etc/passwd', '/artifacts/none', '/elsewhere'])(
  '%s is not there',
  async (path) => {
    expect((await ask(path)).status).toBe(404);
  },
);

test('another method is refused, and a URL that is none', async () => {
  expect((await ask('/boot/script.ipxe', { body: '' })).status).toBe(405);
  expect((await ask('http://[', {})).status).toBe(400);
});

test('too many transfers at once: come again, and then it works', async () => {
  await stop();
  await start({ transfers: 1 });
  const large = Buffer.alloc(64_000_000, 'x');
  world.file('artifacts', 'kubelet', large);
  // A client that does not read: the socket's buffers are far smaller than the file.
  const slow = await slowReader(http.port, '/artifacts/kubelet');
  const refused = await ask('/artifacts/kubelet');
  expect([refused.status, refused.headers['retry-after'], refused.text]).toEqual([503, '3', 'too_many_transfers\n']);
  slow.destroy();
  const served = await eventually('the place is free', async () => {
    const answer = await ask('/artifacts/kubelet');
    return answer.status === 200 && answer;
  });
  expect(served.body.length).toBe(large.length);
});

test('curl continues an artifact it has half of', async () => {
  const { path } = world.file('artifacts', 'kubelet-v1.20.2-amd64', Buffer.from('the whole of it'));
  const half = `${path}.half`;
  writeFileSync(half, 'the who');
  await promisify(execFile)('curl', [
    '-fsS',
    '-C',
    '-',
    '-o',
    half,
    `http://127.0.0.1:${http.port}/artifacts/kubelet-v1.20.2-amd64`,
  ]);
  expect((await promisify(execFile)('cat', [half])).stdout).toBe('the whole of it');
});

async function slowReader(port: number, path: string) {
  const { get } = await import('node:http');
  return new Promise<{ destroy(): void }>((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path }, (response) => {
      response.pause();
      resolve(response);
    });
    asked.on('error', reject);
  });
}
