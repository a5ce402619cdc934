// Debian's TFTP clients fetch files from our server in blocks and windows of every size; writing and other people's transfers are refused.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TftpEvent } from '@rackwright/boot-app/tftp/running-reads.ts';
import { serveTftp, type TftpServer } from '@rackwright/boot-app/tftp/serve-tftp.ts';
import { encodeTftp } from '@rackwright/protocols/tftp/codec.ts';
import { runProgram } from '@rackwright/testkit/run-program.ts';
import { needOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestSocket, testSocket } from './test-socket.ts';

const LOADER = Uint8Array.from({ length: 996_864 }, (_, n) => (n * 7 + (n >> 8)) & 0xff);
const FILES = new Map([
  ['ipxe.efi', LOADER],
  ['whole-blocks', LOADER.subarray(0, 1_024)],
  ['empty', new Uint8Array(0)],
  // More than 65535 blocks of 512 bytes: the block numbers go round.
  ['long', Uint8Array.from({ length: 34_000_000 }, (_, n) => (n ^ (n >> 11)) & 0xff)],
]);

const events: TftpEvent[] = [];
const faults: unknown[] = [];
let server: TftpServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rackwright-tftp-'));
  server = await serveTftp({
    listen: { address: '127.0.0.1', port: 0 },
    transfers: { total: 8, perAddress: 4 },
    limits: { largestBlock: 65_464, largestWindow: 64 },
    resolve: (name) => FILES.get(name),
    now: () => performance.now(),
    onTransfer: (event) => void events.push(event),
    onFault: (fault) => void faults.push(fault),
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
  expect(faults).toEqual([]);
});

function digest(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? 'nothing')
    .digest('hex');
}

async function expectFetched(name: string, local: string, command: readonly string[], input = ''): Promise<void> {
  const { code, stderr } = await runProgram(command, { limitMs: 60_000, input });
  expect(code, stderr).toBe(0);
  expect(digest(await readFile(local))).toBe(digest(FILES.get(name)));
}

describe('curl', () => {
  for (const [name, blockSize] of [
    ['ipxe.efi', 512],
    ['ipxe.efi', 1468],
    ['ipxe.efi', 8192],
    ['ipxe.efi', 65464],
    ['whole-blocks', 8],
    ['whole-blocks', 512],
    ['empty', 512],
    ['long', 512],
  ] as const) {
    test(`fetches ${name} in blocks of ${blockSize}`, async (ctx) => {
      needOrSkip(ctx, 'TFTP by curl', 'curl');
      const local = join(folder, `curl-${name}-${blockSize}`);
      const url = `tftp://127.0.0.1:${server.port}/${name}`;
      await expectFetched(name, local, ['curl', '-sS', '-m', '60', '--tftp-blksize', String(blockSize), '-o', local, url]);
    });
  }

  test('cannot write', async (ctx) => {
    needOrSkip(ctx, 'TFTP by curl', 'curl');
    const { code } = await runProgram(['curl', '-sS', '-m', '20', '-T', '-', `tftp://127.0.0.1:${server.port}/new`], {
      limitMs: 30_000,
      input: 'x',
    });
    expect(code).toBe(69); // CURLE_TFTP_PERM
  });

  test.each(['autoexec.ipxe', '../../etc/passwd', '/etc/passwd', '..%2f..%2fetc%2fpasswd'])(
    'is told that %s is not there, and need not ask twice',
    async (name) => {
      const { not_found: before = 0 } = server.counts();
      const { code } = await runProgram(['curl', '-sS', '-m', '20', '--path-as-is', `tftp://127.0.0.1:${server.port}/${name}`], {
        limitMs: 30_000,
      });
      expect(code).toBe(68); // CURLE_TFTP_NOTFOUND
      expect(server.counts()['not_found']).toBe(before + 1);
    },
  );
});

describe('atftp', () => {
  for (const [blockSize, windowSize] of [
    [512, 1],
    [1468, 4],
    [1468, 64],
    [1024, 500],
  ]) {
    test(`fetches in blocks of ${blockSize} and windows of ${windowSize}`, async (ctx) => {
      needOrSkip(ctx, 'TFTP by atftp', 'atftp');
      const local = join(folder, `atftp-${blockSize}-${windowSize}`);
      const options = ['--option', `blksize ${blockSize}`, '--option', `windowsize ${windowSize}`, '--option', 'tsize 0'];
      await expectFetched('ipxe.efi', local, [
        'atftp',
        ...options,
        '-g',
        '-r',
        'ipxe.efi',
        '-l',
        local,
        '127.0.0.1',
        String(server.port),
      ]);
    });
  }
});

describe('tftp-hpa', () => {
  test.for(['ipxe.efi', 'whole-blocks'])('fetches %s without any option', async (name, ctx) => {
    needOrSkip(ctx, 'TFTP by tftp-hpa', 'tftp');
    const local = join(folder, `hpa-${name}`);
    await expectFetched(name, local, ['tftp', '-m', 'binary', '127.0.0.1', String(server.port), '-c', 'get', name, local]);
  });
});

describe('on the wire', () => {
  const read = (file: string, ...options: [string, string][]) => encodeTftp({ kind: 'read', file, mode: 'octet', options });
  const ack = (block: number) => encodeTftp({ kind: 'ack', block });

  async function withSockets(count: number, use: (...sockets: TestSocket[]) => Promise<void>): Promise<void> {
    const sockets = await Promise.all(Array.from({ length: count }, () => testSocket()));
    try {
      await use(...sockets);
    } finally {
      await Promise.all(sockets.map((socket) => socket.close()));
    }
  }

  test("firmware's size probe ends with an error packet and is no failure", () =>
    withSockets(1, async (client) => {
      client?.send(read('ipxe.efi', ['tsize', '0'], ['blksize', '1468'], ['windowsize', '4']), server.port);
      const answer = await client?.tftp();
      expect(answer?.packet).toEqual({
        kind: 'option_ack',
        options: [
          ['tsize', '996864'],
          ['blksize', '1468'],
          ['windowsize', '4'],
        ],
      });
      client?.send(encodeTftp({ kind: 'error', code: 8, text: 'User aborted the transfer' }), answer?.port ?? 0);
      await expect.poll(() => events.at(-1)).toMatchObject({ file: 'ipxe.efi', outcome: 'probed' });
    }));

  test('nobody else can acknowledge or end a transfer, and is told so', () =>
    withSockets(2, async (client, stranger) => {
      client?.send(read('whole-blocks'), server.port);
      const first = await client?.tftp();
      expect(first?.packet).toMatchObject({ kind: 'block', block: 1 });
      stranger?.send(ack(1), first?.port ?? 0);
      expect((await stranger?.tftp())?.packet).toMatchObject({ kind: 'error', code: 5 });
      stranger?.send(encodeTftp({ kind: 'error', code: 0, text: 'stop' }), first?.port ?? 0);
      expect((await stranger?.tftp())?.packet).toMatchObject({ kind: 'error', code: 5 });
      client?.send(ack(1), first?.port ?? 0);
      expect((await client?.tftp())?.packet).toMatchObject({ kind: 'block', block: 2 });
      client?.send(ack(2), first?.port ?? 0);
      expect((await client?.tftp())?.packet).toMatchObject({ kind: 'block', block: 3, content: new Uint8Array(0) });
      client?.send(ack(3), first?.port ?? 0);
      await expect.poll(() => events.at(-1)).toMatchObject({ file: 'whole-blocks', outcome: 'complete', bytes: 1_024 });
    }));

  test('a lost acknowledgement is mended by repetition', () =>
    withSockets(1, async (client) => {
      client?.send(read('whole-blocks', ['timeout', '1']), server.port);
      const first = await client?.tftp();
      expect((await client?.tftp())?.packet).toEqual(first?.packet);
      client?.send(encodeTftp({ kind: 'error', code: 0, text: 'enough' }), first?.port ?? 0);
      await expect.poll(() => events.at(-1)).toMatchObject({ outcome: 'aborted' });
    }));

  test('one address gets no more than its share, and its share back when it is done', () =>
    withSockets(5, async (...clients) => {
      const answers: { port: number }[] = [];
      for (const client of clients.slice(0, 4)) {
        client.send(read('whole-blocks'), server.port);
        answers.push(await client.tftp());
      }
      const crowded = server.counts()['crowded'] ?? 0;
      clients[4]?.send(read('whole-blocks'), server.port);
      await expect.poll(() => server.counts()['crowded']).toBe(crowded + 1);
      for (const [n, { port }] of answers.entries())
        clients[n]?.send(encodeTftp({ kind: 'error', code: 0, text: 'enough' }), port);
      await expect.poll(() => server.active).toBe(0);
      clients[4]?.send(read('whole-blocks'), server.port);
      expect((await clients[4]?.tftp())?.packet).toMatchObject({ kind: 'block', block: 1 });
    }));

  test('a text mode is refused', () =>
    withSockets(1, async (client) => {
      client?.send(encodeTftp({ kind: 'read', file: 'ipxe.efi', mode: 'netascii', options: [] }), server.port);
      expect((await client?.tftp())?.packet).toMatchObject({ kind: 'error', code: 4 });
    }));
});
