// Ten thousand broken packets at each real socket, and in between good ones: the servers keep answering, and nothing was thrown.
import { memoryBootIndex } from '@rackwright/boot-app/boot-index.ts';
import { type BootNetwork, DEFAULT_BOOT_FILES } from '@rackwright/boot-app/boot-network.ts';
import { serveDhcp } from '@rackwright/boot-app/dhcp/serve-dhcp.ts';
import { serveTftp } from '@rackwright/boot-app/tftp/serve-tftp.ts';
import { addressBytes, decodeDhcp, encodeDhcp, findOption } from '@rackwright/protocols/dhcp/codec.ts';
import { OPTION } from '@rackwright/protocols/dhcp/constants.ts';
import { decodeTftp, encodeTftp } from '@rackwright/protocols/tftp/codec.ts';
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { mutateSeeded } from '@rackwright/testkit/vectors/mutate-seeded.ts';
import { expect, test } from 'vitest';
import { type TestSocket, testSocket } from './test-socket.ts';

const BROKEN = 10_000;
/** Few enough for a socket's buffer: what the kernel drops proves nothing. */
const AT_ONCE = 50;

/** Through a relay on loopback, which listens at the port it sends from (RFC 8357): no broadcast leaves the machine. */
const network: BootNetwork = {
  networkId: 'net_1',
  mode: 'pool',
  subnet: '127.0.0.0/8',
  serverAddress: '127.0.0.1',
  dnsServers: [],
  ntpServers: [],
  pool: { first: '127.1.0.1', last: '127.1.1.0' },
  leaseSeconds: 600,
  unknownServers: 'discover',
  bootUrl: 'http://127.0.0.1:8081',
  bootFiles: DEFAULT_BOOT_FILES,
};

function mutationsOf(vectors: readonly Uint8Array[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const [n, bytes] of vectors.entries())
    mutateSeeded(bytes, Math.ceil(BROKEN / vectors.length), (mutation) => all.push(mutation), n + 1);
  return all;
}

/** Sends until the awaited answer comes: a good packet may be lost behind a flood. */
async function stillAnswers(
  socket: TestSocket,
  port: number,
  good: Uint8Array,
  isAnswer: (bytes: Uint8Array) => boolean,
): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    socket.send(good, port);
    try {
      for (;;) if (isAnswer((await socket.next(500)).bytes)) return;
    } catch {
      // Nothing for half a second: once more.
    }
  }
  throw new Error('no answer any more');
}

async function flood(
  port: number,
  broken: readonly Uint8Array[],
  good: Uint8Array,
  isAnswer: (bytes: Uint8Array) => boolean,
): Promise<void> {
  const [attacker, client] = [await testSocket(), await testSocket()];
  try {
    for (let n = 0; n < broken.length; n += AT_ONCE) {
      for (const bytes of broken.slice(n, n + AT_ONCE)) attacker.send(bytes, port);
      await stillAnswers(client, port, good, isAnswer);
    }
  } finally {
    await Promise.all([attacker.close(), client.close()]);
  }
}

function relayed(bytes: Uint8Array): Uint8Array {
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok) throw new Error(decoded.fault);
  const options = [
    ...decoded.value.options.filter(([code]) => code !== OPTION.relayAgent),
    [OPTION.relayAgent, Uint8Array.of(19, 0)] as const,
  ];
  return encodeDhcp({ ...decoded.value, giaddr: '127.0.0.1', options });
}

test('DHCP', async () => {
  const faults: unknown[] = [];
  const server = await serveDhcp({
    listen: { address: '127.0.0.1' },
    ports: { server: 0, proxy: 0, client: 9, relay: 9 },
    localNetworkId: 'net_1',
    networks: () => [network],
    index: memoryBootIndex(),
    now: Date.now,
    onEvent: () => undefined,
    onFault: (fault) => void faults.push(fault),
  });
  try {
    const vectors = loadVectors('dhcp').filter(({ bytes }) => bytes[0] === 1);
    const broken = mutationsOf(vectors.map(({ bytes }) => relayed(bytes)));
    const discover = vectors.find(({ name }) => name === 'udhcpc-discover');
    const good = relayed(discover?.bytes ?? new Uint8Array());
    const isOffer = (bytes: Uint8Array) => {
      const decoded = decodeDhcp(bytes);
      return decoded.ok && findOption(decoded.value, OPTION.messageType)?.[0] === 2 && decoded.value.yiaddr.startsWith('127.1.');
    };
    await flood(server.ports.server, broken, good, isOffer);
    expect(faults).toEqual([]);
    expect(server.counts()['bug']).toBeUndefined();
    expect(server.counts()['received']).toBeGreaterThan(BROKEN * 0.9);
    expect(server.counts()['malformed']).toBeGreaterThan(100);
  } finally {
    await server.close();
  }
});

test('a relay that names its own port is answered there, with option 82 as it sent it', async () => {
  const server = await serveDhcp({
    listen: { address: '127.0.0.1' },
    ports: { server: 0, proxy: 0, client: 9, relay: 9 },
    localNetworkId: undefined,
    networks: () => [network],
    index: memoryBootIndex(),
    now: Date.now,
    onEvent: () => undefined,
    onFault: () => undefined,
  });
  const relay = await testSocket();
  try {
    const vector = loadVectors('dhcp').find(({ name }) => name === 'ovmf-pxe-discover');
    relay.send(relayed(vector?.bytes ?? new Uint8Array()), server.ports.server);
    const decoded = decodeDhcp((await relay.next()).bytes);
    if (!decoded.ok) throw new Error(decoded.fault);
    expect(decoded.value).toMatchObject({ op: 'reply', giaddr: '127.0.0.1', siaddr: '127.0.0.1', file: 'ipxe.efi' });
    expect(decoded.value.options.at(-1)).toEqual([OPTION.relayAgent, Uint8Array.of(19, 0)]);
    expect(findOption(decoded.value, OPTION.serverIdentifier)).toEqual(addressBytes('127.0.0.1'));
  } finally {
    await Promise.all([relay.close(), server.close()]);
  }
});

test('TFTP: the port for requests, and the port of a transfer', async () => {
  const faults: unknown[] = [];
  const server = await serveTftp({
    listen: { address: '127.0.0.1', port: 0 },
    transfers: { total: 64, perAddress: 32 },
    resolve: (name) => (name === 'ipxe.efi' ? new Uint8Array(2_000) : undefined),
    now: Date.now,
    onTransfer: () => undefined,
    onFault: (fault) => void faults.push(fault),
  });
  const client = await testSocket();
  try {
    const broken = mutationsOf(loadVectors('tftp').map(({ bytes }) => bytes));
    const missing = encodeTftp({ kind: 'read', file: 'autoexec.ipxe', mode: 'octet', options: [] });
    const isNotFound = (bytes: Uint8Array) => {
      const decoded = decodeTftp(bytes);
      return decoded.ok && decoded.value.kind === 'error' && decoded.value.code === 1;
    };
    await flood(server.port, broken, missing, isNotFound);

    client.send(encodeTftp({ kind: 'read', file: 'ipxe.efi', mode: 'octet', options: [] }), server.port);
    const first = await client.tftp();
    expect(first.packet).toMatchObject({ kind: 'block', block: 1 });
    // Strangers at the transfer's own port: each is told that it is wrong, so the answer to wait for is that.
    const isRefusal = (bytes: Uint8Array) => {
      const decoded = decodeTftp(bytes);
      return decoded.ok && decoded.value.kind === 'error' && decoded.value.code === 5;
    };
    await flood(first.port, broken, missing, isRefusal);
    expect(faults).toEqual([]);
    expect(server.active).toBeLessThanOrEqual(32);
    expect(server.counts()['malformed']).toBeGreaterThan(100);
  } finally {
    await Promise.all([client.close(), server.close()]);
  }
});
