// The agent's protocol (docs/agent-protocol.md) over real HTTP: who may ask, what is answered, what is refused.
import { type BootHttp, startBootHttp } from '@rackwright/boot-app/http/start-boot-http.ts';
import type { InstructionDeed } from '@rackwright/workflows/ports.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type Ask, httpClient } from './boot-http-client.ts';
import { type BootWorld, bootWorld, eventually } from './boot-http-world.ts';

let world: BootWorld;
let http: BootHttp;
let ask: (path: string, how?: Ask) => Promise<Answer>;

async function start(settings: { waiters?: number; longestWait?: number } = {}) {
  world = bootWorld({ unknownServers: 'discover' });
  http = await startBootHttp({ host: '127.0.0.1', port: 0, needs: world.needs, ...settings });
  ask = httpClient(http.port);
}
async function stop() {
  await http.close();
  world.close();
}
beforeEach(() => start());
afterEach(stop);

const INSPECTION = {
  agentVersion: '1',
  firmwareMode: 'uefi',
  system: { manufacturer: 'RW', product: 'Sim', serial: 'SN-1', uuid: '', assetTag: '', biosVersion: '1' },
  cpu: { model: 'x', sockets: 1, cores: 2, threads: 2, architecture: 'x86_64' },
  memoryBytes: 1_073_741_824,
  memoryModules: [],
  disks: [{ name: 'sda', serial: 'D-1', wwn: '', model: '', sizeBytes: 4_000_000, rotational: false, kind: 'ssd' }],
  nics: [{ name: 'eth0', mac: '02:00:00:00:00:05', speedMbps: 1000, linkUp: true, driver: 'sim' }],
};
const WRITE: InstructionDeed = {
  do: 'write_image',
  diskSerial: 'D-1',
  imageDigest: `sha256-${'a'.repeat(64)}`,
  rootPartition: 3,
  seedPartition: 2,
  seed: { hostname: 'n1', clusterId: null, nodeLabels: {}, bootstrapTokenFor: 'op_1' },
};

test('inspection, instruction, progress, result', async () => {
  const server = world.server({ name: 'n1' });
  const { ticketId, token } = server.openTicket();
  expect((await ask('/agent/v1/inspection', { token, body: INSPECTION })).status).toBe(204);
  expect(world.inspections.get(ticketId)).toEqual(INSPECTION);
  expect(world.woken).toEqual([server.serverId]);

  const waiting = ask('/agent/v1/instruction', { token });
  await eventually('the agent waits', () => world.waiting(ticketId) === 1);
  const { id } = world.give(ticketId, WRITE);
  expect((await waiting).text).toBe(
    `id ${id}\ndo write_image\ndisk_serial D-1\nimage sha256-${'a'.repeat(64)}\nroot_partition 3\nseed_partition 2\n`,
  );
  expect(world.waiting(ticketId)).toBe(0);

  const progress = { percent: 40, message: 'chunk 6 of 14' };
  expect((await ask(`/agent/v1/instructions/${id}/progress`, { token, body: progress })).status).toBe(204);
  const result = { outcome: 'done', code: '', detail: '', evidence: {} };
  expect((await ask(`/agent/v1/instructions/${id}/result`, { token, body: result })).status).toBe(204);
  expect(world.instructions.get(id)).toMatchObject({ progress: [progress], result });
});

test('erase_disks names every disk', async () => {
  const { ticketId, token } = world.server({ name: 'n1' }).openTicket();
  const { id } = world.give(ticketId, { do: 'erase_disks', diskSerials: ['D-1', 'D 2'] });
  expect((await ask('/agent/v1/instruction', { token })).text).toBe(
    `id ${id}\ndo erase_disks\ndisk_serial D-1\ndisk_serial D 2\n`,
  );
});

test('with nothing to do it is told to wait', async () => {
  await stop();
  await start({ longestWait: 30 });
  const { token } = world.server({ name: 'n1' }).openTicket();
  expect((await ask('/agent/v1/instruction', { token })).text).toBe('do wait\n');
});

test('an agent that hangs up leaves nothing behind', async () => {
  const { ticketId, token } = world.server({ name: 'n1' }).openTicket();
  const gone = new AbortController();
  const waiting = fetch(`http://127.0.0.1:${http.port}/agent/v1/instruction`, {
    headers: { authorization: `Bearer ${token}` },
    signal: gone.signal,
  });
  await eventually('it waits', () => world.waiting(ticketId) === 1);
  gone.abort();
  await expect(waiting).rejects.toThrow();
  await eventually('it is forgotten', () => world.waiting(ticketId) === 0);
});

test('no more than so many wait', async () => {
  await stop();
  await start({ waiters: 1 });
  const { ticketId, token } = world.server({ name: 'n1' }).openTicket();
  const first = ask('/agent/v1/instruction', { token });
  await eventually('one waits', () => world.waiting(ticketId) === 1);
  const second = await ask('/agent/v1/instruction', { token });
  expect([second.status, second.headers['retry-after']]).toEqual([503, '15']);
  world.give(ticketId, { do: 'reboot' });
  expect((await first).text).toMatch(/^id ins_\S+\ndo reboot\n$/);
});

test('closing sends the waiting away, however long they might have waited', async () => {
  await stop();
  // Ten times what this test may take.
  await start({ longestWait: 600_000 });
  const { ticketId, token } = world.server({ name: 'n1' }).openTicket();
  const waiting = ask('/agent/v1/instruction', { token });
  await eventually('it waits', () => world.waiting(ticketId) === 1);
  await http.close();
  expect((await waiting).text).toBe('do wait\n');
});

test.each(['/agent/v1/instruction', `/agent/v1/images/sha256-${'a'.repeat(64)}/manifest`, '/agent/v1/instructions/ins_1/seed'])(
  '%s: 401 without, with a wrong and with a lapsed token',
  async (path) => {
    const { token } = world.server({ name: 'n1' }).openTicket();
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, { token: 'wrong' })).status).toBe(401);
    expect((await ask(path, { headers: { authorization: `Basic ${token}` } })).status).toBe(401);
    world.clock.skew = 3_600_000;
    expect((await ask(path, { token })).status).toBe(401);
  },
);

test("another server's instruction is unknown, a withdrawn one a conflict", async () => {
  const mine = world.server({ name: 'n1' }).openTicket();
  const other = world.server({ name: 'n2', mac: '02:00:00:00:00:06' }).openTicket();
  const instruction = world.give(other.ticketId, { do: 'reboot' });
  const { id } = instruction;
  const body = { percent: 1, message: '' };
  expect((await ask(`/agent/v1/instructions/${id}/progress`, { token: mine.token, body })).status).toBe(404);
  expect((await ask(`/agent/v1/instructions/${id}/seed`, { token: mine.token })).status).toBe(404);
  instruction.withdrawn = true;
  expect((await ask(`/agent/v1/instructions/${id}/progress`, { token: other.token, body })).status).toBe(409);
});

test.each([
  ['{', 'body_not_json'],
  ['{}', 'body_not_as_agreed'],
  [JSON.stringify({ ...INSPECTION, memoryBytes: -1 }), 'body_not_as_agreed'],
])('an inspection %s is refused', async (body, code) => {
  const { token } = world.server({ name: 'n1' }).openTicket();
  expect(await ask('/agent/v1/inspection', { token, body })).toMatchObject({ status: 400, text: `${code}\n` });
});

test('a body without end is cut off, announced or not', async () => {
  const { token } = world.server({ name: 'n1' }).openTicket();
  const body = JSON.stringify('x'.repeat(2_000_000));
  const announced = await ask('/agent/v1/inspection', { token, body }).catch((error: NodeJS.ErrnoException) => error.code);
  // The answer may be overtaken by the closed connection.
  expect(typeof announced === 'object' ? announced.status : announced).toBeOneOf([413, 'EPIPE', 'ECONNRESET']);
  expect(world.inspections.size).toBe(0);
});

test('a manifest and its chunks, for agents with a ticket', async () => {
  const { token } = world.server({ name: 'n1' }).openTicket();
  const digest = `sha256-${'b'.repeat(64)}`;
  world.file('manifests', digest, 'rackwright-image 1\nsize 1\nchunk_size 1\n');
  world.file('chunks', `${digest} 0`, 'zstd bytes');
  expect((await ask(`/agent/v1/images/${digest}/manifest`, { token })).text).toBe('rackwright-image 1\nsize 1\nchunk_size 1\n');
  expect((await ask(`/agent/v1/images/${digest}/chunks/0`, { token })).text).toBe('zstd bytes');
  expect((await ask(`/agent/v1/images/${digest}/chunks/1`, { token })).status).toBe(404);
});

test('a stranger reports its parts and gets nothing else', async () => {
  await stop();
  await start({ longestWait: 30 });
  const { text } = await ask('/boot/script.ipxe?mac=02:00:00:00:00:99&platform=efi&arch=x86_64', { from: '127.0.0.99' });
  const token = /rackwright\.token=(\S+)/.exec(text)?.[1] ?? '';
  expect((await ask('/agent/v1/inspection', { token, body: INSPECTION, from: '127.0.0.99' })).status).toBe(204);
  expect(world.strangers).toEqual([{ mac: '02:00:00:00:00:99', address: '127.0.0.99', inspection: INSPECTION }]);
  expect((await ask('/agent/v1/instruction', { token })).text).toBe('do wait\n');
  expect((await ask(`/agent/v1/images/sha256-${'b'.repeat(64)}/manifest`, { token })).status).toBe(404);
  const altered = token.replace(/^d1\.02/, 'd1.03');
  expect((await ask('/agent/v1/instruction', { token: altered })).status).toBe(401);
  world.clock.skew = 3_600_000;
  expect((await ask('/agent/v1/instruction', { token })).status).toBe(401);
});

test('no token ever reaches the log', async () => {
  const { token } = world.server({ name: 'n1' }).openTicket();
  world.needs.reports.inspected = async () => {
    throw new Error('the store is gone');
  };
  expect((await ask('/agent/v1/inspection', { token, body: INSPECTION })).status).toBe(500);
  expect(world.logged).toHaveLength(1);
  expect(JSON.stringify(world.logged)).not.toContain(token);
});
