// What the server says to captured clients, and each branch of RFC 2131 section 4.3, without a socket.
import { decodeDhcp, encodeDhcp, findOption, type DhcpPacket, addressBytes } from '@rackwright/protocols/dhcp/codec.ts';
import { latin1 } from '@rackwright/protocols/bytes/byte-reader.ts';
import { MESSAGE_TYPES, OPTION } from '@rackwright/protocols/dhcp/constants.ts';
import { type DhcpRequest, readRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBootIndex } from '../boot-index.ts';
import { type BootNetwork, DEFAULT_BOOT_FILES } from '../boot-network.ts';
import { answerRequest, type DhcpWorld, type Outcome } from './answer-request.ts';
import { leasePools } from './lease-pools.ts';

const vectors = new Map(loadVectors('dhcp').map((vector) => [vector.name, vector]));
const MAC = '52:54:00:77:00:01';
const NOW = 1_000_000_000;

const network: BootNetwork = {
  networkId: 'net_1',
  mode: 'pool',
  subnet: '10.77.0.0/24',
  serverAddress: '10.77.0.1',
  router: '10.77.0.254',
  dnsServers: ['10.77.0.1', '10.77.0.2'],
  domain: 'rack.example',
  ntpServers: ['10.77.0.3'],
  pool: { first: '10.77.0.100', last: '10.77.0.103' },
  leaseSeconds: 600,
  unknownServers: 'discover',
  bootUrl: 'http://10.77.0.1:8081',
  bootFiles: DEFAULT_BOOT_FILES,
};

const unexpected = (cause: unknown) => {
  throw cause;
};

let index = memoryBootIndex();
let networks: BootNetwork[] = [network];
let world: DhcpWorld;

beforeEach(() => {
  index = memoryBootIndex();
  networks = [network];
  world = { networks, localNetworkId: 'net_1', index, leases: leasePools(() => networks, index, unexpected), now: NOW };
});

function serve(changes: Partial<BootNetwork>): void {
  networks = [{ ...network, ...changes }];
  world = { ...world, networks, leases: leasePools(() => networks, index, unexpected) };
}

function know(bootIntent: 'agent' | 'disk' | 'none', address = '10.77.0.50', mac = MAC): void {
  const subject = {
    serverId: 'srv_1',
    name: 'r1-u01',
    mac,
    bootIntent,
    firmwareMode: 'unknown',
    ticketExpiresAt: NOW + 1,
  } as const;
  index.replaceServer('srv_1', [{ mac, address, hostname: 'r1-u01', subject }]);
}

/** A captured request, perhaps with some fields changed and options set. */
function captured(
  name: string,
  fields: Partial<DhcpPacket> = {},
  options: Record<number, Uint8Array | undefined> = {},
): DhcpRequest {
  const decoded = decodeDhcp(vectors.get(name)?.bytes ?? new Uint8Array());
  if (!decoded.ok) throw new Error(`${name}: ${decoded.fault}`);
  const kept = decoded.value.options.filter(([code]) => !(code in options));
  const set = Object.entries(options).flatMap(([code, value]) => (value ? [[Number(code), value] as const] : []));
  const request = readRequest({ ...decoded.value, ...fields, options: [...kept, ...set] });
  if (!request.ok) throw new Error(request.fault);
  return request.value;
}

/** The reply as an outside reader would sum it up. */
function summary(outcome: Outcome): Record<string, unknown> {
  if (!('reply' in outcome)) return { silent: outcome.silent };
  const decoded = decodeDhcp(encodeDhcp(outcome.reply));
  if (!decoded.ok) throw new Error(decoded.fault);
  const packet = decoded.value;
  const text = (code: number) => {
    const value = findOption(packet, code);
    return value && latin1(value);
  };
  return {
    type: MESSAGE_TYPES[(findOption(packet, OPTION.messageType)?.[0] ?? 0) - 1],
    yiaddr: packet.yiaddr,
    siaddr: packet.siaddr,
    file: packet.file,
    class: text(OPTION.vendorClass),
    bootFile: text(OPTION.bootFileName),
  };
}

const SCRIPT = (architecture: string) => `http://10.77.0.1:8081/boot/script.ipxe?mac=${MAC}&architecture=${architecture}`;

describe('a known server with an open ticket', () => {
  beforeEach(() => know('agent'));

  test.each([
    ['ovmf-pxe-discover', 'offer', undefined, 'ipxe.efi', '10.77.0.1'],
    ['ovmf-http-discover', 'offer', 'HTTPClient', 'http://10.77.0.1:8081/boot/ipxe.efi', '10.77.0.1'],
    ['ipxe-bios-2019-discover', 'offer', undefined, SCRIPT('bios_x86'), '10.77.0.1'],
    ['ipxe-efi-2025-discover', 'offer', undefined, SCRIPT('uefi_x64'), '10.77.0.1'],
    ['udhcpc-discover', 'offer', undefined, undefined, '0.0.0.0'],
  ])('%s gets an %s (class %s, file %s)', (name, type, vendorClass, file, siaddr) => {
    expect(summary(answerRequest(world, captured(name)))).toEqual({
      type,
      yiaddr: '10.77.0.50',
      siaddr,
      file: file ?? '',
      class: vendorClass,
      bootFile: file,
    });
  });

  test('the same address for firmware, iPXE, agent and system, whatever their client ids', () => {
    const clients = ['ovmf-pxe-discover', 'ipxe-efi-2025-discover', 'udhcpc-discover'];
    expect(clients.map((name) => summary(answerRequest(world, captured(name)))['yiaddr'])).toEqual(Array(3).fill('10.77.0.50'));
  });

  test('BIOS firmware gets the BIOS loader', () => {
    const request = captured('ovmf-pxe-discover', {}, { 93: Uint8Array.of(0, 0) });
    expect(summary(answerRequest(world, request))['bootFile']).toBe('undionly.kpxe');
  });

  test('its boot is told once it takes the address', () => {
    const outcome = answerRequest(world, captured('ovmf-pxe-request', {}, { 50: addressBytes('10.77.0.50') }));
    expect(outcome.events).toEqual([
      {
        at: NOW,
        networkId: 'net_1',
        mac: MAC,
        kind: 'boot_requested',
        serverId: 'srv_1',
        stage: 'firmware_pxe',
        decision: { kind: 'chain_load', reason: 'ticket_open' },
      },
    ]);
  });

  test('the parameters are those it asked for', () => {
    const outcome = answerRequest(
      world,
      captured('networkd-discover', { hardware: { type: 1, address: Uint8Array.of(0x52, 0x54, 0, 0x77, 0, 1) } }),
    );
    if (!('reply' in outcome)) throw new Error(outcome.silent);
    expect(outcome.reply.options.map(([code]) => code)).toEqual([53, 54, 51, 58, 59, 1, 3, 6, 15, 42, 12, 61]);
    expect(findOption(outcome.reply, 3)).toEqual(addressBytes('10.77.0.254'));
    expect(findOption(outcome.reply, 1)).toEqual(addressBytes('255.255.255.0'));
    expect(findOption(outcome.reply, 6)).toEqual(Uint8Array.of(10, 77, 0, 1, 10, 77, 0, 2));
    expect(findOption(outcome.reply, 51)).toEqual(Uint8Array.of(0, 0, 2, 88));
    expect(encodeDhcp(outcome.reply).length).toBeGreaterThanOrEqual(300);
  });
});

describe('what others boot', () => {
  test('a known server without a ticket gets no boot answer, but its system gets its address', () => {
    know('none');
    expect(summary(answerRequest(world, captured('ovmf-pxe-discover')))).toEqual({ silent: 'boot_ignored' });
    expect(summary(answerRequest(world, captured('udhcpc-discover')))['yiaddr']).toBe('10.77.0.50');
  });

  test('an installed server is sent to its disk by way of iPXE', () => {
    know('disk');
    expect(summary(answerRequest(world, captured('ovmf-pxe-discover')))['bootFile']).toBe('ipxe.efi');
  });

  test('an architecture without a loader is left alone', () => {
    know('agent');
    expect(summary(answerRequest(world, captured('ovmf-pxe-discover', {}, { 93: Uint8Array.of(0, 6) })))).toEqual({
      silent: 'boot_ignored',
    });
  });

  test('a stranger gets an address of the pool and the loader, and is told of', () => {
    const outcome = answerRequest(world, captured('ovmf-pxe-discover'));
    expect(summary(outcome)).toMatchObject({ type: 'offer', bootFile: 'ipxe.efi' });
    expect(summary(outcome)['yiaddr']).toMatch(/^10\.77\.0\.10[0-3]$/);
    expect(outcome.events).toEqual([
      {
        at: NOW,
        networkId: 'net_1',
        mac: MAC,
        kind: 'unknown_server_seen',
        stage: 'firmware_pxe',
        architecture: 'uefi_x64',
        systemUuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001',
      },
    ]);
  });

  test('an authoritative network has nothing for strangers', () => {
    serve({ mode: 'authoritative' });
    expect(summary(answerRequest(world, captured('ovmf-pxe-discover')))).toEqual({ silent: 'boot_ignored' });
    expect(summary(answerRequest(world, captured('udhcpc-discover')))).toEqual({ silent: 'no_address' });
  });

  test('a network that is off has nothing for anybody', () => {
    know('agent');
    serve({ mode: 'off' });
    expect(summary(answerRequest(world, captured('ovmf-pxe-discover')))).toEqual({ silent: 'network_off' });
  });
});

describe('REQUEST (RFC 2131 section 4.3.2)', () => {
  const take = (address: string, server: string | undefined = '10.77.0.1') =>
    captured('udhcpc-request', {}, { 50: addressBytes(address), 54: server === undefined ? undefined : addressBytes(server) });
  const rebooted = (address: string) => captured('udhcpc-request', {}, { 50: addressBytes(address), 54: undefined });
  const renew = (address: string) => captured('udhcpc-request', { ciaddr: address }, { 50: undefined, 54: undefined });

  test('another server was chosen: silence', () => {
    know('agent');
    expect(summary(answerRequest(world, take('10.77.0.50', '10.77.0.9')))).toEqual({ silent: 'not_for_us' });
  });

  test.each([
    ['selecting, its own address', () => take('10.77.0.50'), 'ack'],
    ['selecting, another address', () => take('10.77.0.51'), 'nak'],
    ['rebooted, its own address', () => rebooted('10.77.0.50'), 'ack'],
    ['rebooted, with an address from another rack', () => rebooted('10.99.0.50'), 'nak'],
    ['renewing its own address', () => renew('10.77.0.50'), 'ack'],
    ['renewing what it no longer has', () => renew('10.77.0.51'), 'nak'],
  ])('a known server %s', (_state, request, type) => {
    know('agent');
    expect(summary(answerRequest(world, request()))['type']).toBe(type);
  });

  test('a NAK offers nothing', () => {
    know('agent');
    expect(summary(answerRequest(world, take('10.77.0.51')))).toEqual({
      type: 'nak',
      yiaddr: '0.0.0.0',
      siaddr: '0.0.0.0',
      file: '',
      class: undefined,
      bootFile: undefined,
    });
  });

  test.each([
    ['rebooted, with an address of the pool', () => rebooted('10.77.0.101'), 'ack'],
    ['rebooted, with an address outside the pool', () => rebooted('10.77.0.20'), undefined],
    ['rebooted, with an address of another network', () => rebooted('10.99.0.20'), 'nak'],
    ['selecting an address outside the pool', () => take('10.77.0.20'), 'nak'],
  ])('a stranger %s: %#', (_state, request, type) => {
    expect(summary(answerRequest(world, request()))['type']).toBe(type);
  });
});

describe('the other messages', () => {
  test('INFORM is answered with parameters and without a lease', () => {
    serve({ subnet: '10.30.0.0/16' });
    const outcome = answerRequest(world, captured('inform'));
    if (!('reply' in outcome)) throw new Error(outcome.silent);
    expect(outcome.reply).toMatchObject({ yiaddr: '0.0.0.0', ciaddr: '10.30.0.200' });
    expect(outcome.reply.options.map(([code]) => code)).toEqual([53, 54, 1, 3, 6, 15, 42]);
  });

  test('DECLINE of a reserved address is told, and the address stays reserved', () => {
    know('agent');
    const outcome = answerRequest(
      world,
      captured(
        'decline',
        { hardware: { type: 1, address: Uint8Array.of(0x52, 0x54, 0, 0x77, 0, 1) } },
        { 50: addressBytes('10.77.0.50') },
      ),
    );
    expect(outcome.events).toContainEqual({
      at: NOW,
      networkId: 'net_1',
      mac: MAC,
      kind: 'address_conflict',
      address: '10.77.0.50',
      serverId: 'srv_1',
    });
    expect(summary(answerRequest(world, captured('udhcpc-discover')))['yiaddr']).toBe('10.77.0.50');
  });

  test('DECLINE of a pool address keeps it out of the pool', () => {
    const first = summary(answerRequest(world, captured('udhcpc-discover')))['yiaddr'] as string;
    answerRequest(world, captured('udhcpc-request', {}, { 53: Uint8Array.of(4), 50: addressBytes(first) }));
    expect(summary(answerRequest(world, captured('udhcpc-discover')))['yiaddr']).not.toBe(first);
  });

  test('the pool runs out for the fifth, and RELEASE makes room', () => {
    const stranger = (n: number) => ({ hardware: { type: 1, address: Uint8Array.of(2, 0, 0, 0, 0, n) } });
    const given = [1, 2, 3, 4].map(
      (n) => summary(answerRequest(world, captured('udhcpc-discover', stranger(n))))['yiaddr'] as string,
    );
    expect(new Set(given).size).toBe(4);
    const fifth = answerRequest(world, captured('udhcpc-discover', stranger(5)));
    expect(summary(fifth)).toEqual({ silent: 'no_address' });
    expect(fifth.events).toContainEqual({ at: NOW, networkId: 'net_1', mac: '02:00:00:00:00:05', kind: 'pool_exhausted' });
    answerRequest(
      world,
      captured('udhcpc-request', { ...stranger(2), ciaddr: given[1] ?? '' }, { 53: Uint8Array.of(7), 50: undefined }),
    );
    expect(summary(answerRequest(world, captured('udhcpc-discover', stranger(5))))['yiaddr']).toBe(given[1]);
  });
});

describe('relays', () => {
  beforeEach(() => {
    networks = [
      network,
      {
        ...network,
        networkId: 'net_2',
        subnet: '10.20.7.0/24',
        serverAddress: '10.20.0.2',
        pool: { first: '10.20.7.10', last: '10.20.7.20' },
      },
      {
        ...network,
        networkId: 'net_3',
        subnet: '10.30.0.0/16',
        serverAddress: '10.20.0.2',
        pool: { first: '10.30.0.10', last: '10.30.0.20' },
      },
    ];
    world = { ...world, networks, leases: leasePools(() => networks, index, unexpected) };
  });

  test("the relay's address chooses the network, and option 82 comes back as it was, last", () => {
    const request = captured('relay-discover');
    const outcome = answerRequest(world, request);
    if (!('reply' in outcome)) throw new Error(outcome.silent);
    expect(outcome.reply.yiaddr).toMatch(/^10\.20\.7\.1\d$|^10\.20\.7\.20$/);
    expect(outcome.reply.giaddr).toBe('10.20.7.1');
    expect(outcome.reply.options.at(-1)).toEqual([82, findOption(request.packet, 82)]);
    expect(outcome.events[0]).toMatchObject({
      networkId: 'net_2',
      circuitId: '45746865726e6574312f373a313030',
      remoteId: '525400ffee01',
    });
  });

  test('link selection (RFC 3527) and server id override (RFC 5107) are obeyed', () => {
    const outcome = answerRequest(world, captured('relay-discover-source-port'));
    if (!('reply' in outcome)) throw new Error(outcome.silent);
    expect(outcome.reply.yiaddr).toMatch(/^10\.30\.0\./);
    expect(findOption(outcome.reply, 54)).toEqual(addressBytes('10.20.7.1'));
  });

  test('a relay of a network that is not ours is not answered', () => {
    expect(summary(answerRequest(world, captured('relay-discover', { giaddr: '172.16.0.1' })))).toEqual({
      silent: 'unknown_network',
    });
  });
});

describe('beside another DHCP server', () => {
  beforeEach(() => {
    know('agent');
    serve({ mode: 'proxy' });
  });

  test('a system asking for an address hears nothing from us', () => {
    expect(summary(answerRequest(world, captured('udhcpc-discover')))).toEqual({ silent: 'nothing_to_answer' });
  });

  test('UEFI firmware is told at port 67 that we are there, and at port 4011 what to load', () => {
    const offer = answerRequest(world, captured('ovmf-pxe-discover'));
    expect(summary(offer)).toEqual({
      type: 'offer',
      yiaddr: '0.0.0.0',
      siaddr: '10.77.0.1',
      file: '',
      class: 'PXEClient',
      bootFile: undefined,
    });
    const ack = answerRequest(world, captured('proxy-ovmf-4011-request', { ciaddr: '10.77.0.209' }), 'proxy');
    expect(summary(ack)).toEqual({
      type: 'ack',
      yiaddr: '0.0.0.0',
      siaddr: '10.77.0.1',
      file: 'ipxe.efi',
      class: 'PXEClient',
      bootFile: 'ipxe.efi',
    });
    if ('reply' in ack) expect(findOption(ack.reply, 97)).toEqual(findOption(captured('ovmf-pxe-discover').packet, 97));
  });

  test('iPXE takes its script from the offer, or at port 4011', () => {
    const said = { yiaddr: '0.0.0.0', siaddr: '10.77.0.1', class: 'PXEClient' };
    expect(summary(answerRequest(world, captured('proxy-ipxe-2025-discover')))).toMatchObject({
      ...said,
      type: 'offer',
      bootFile: SCRIPT('uefi_x64'),
    });
    const at4011 = answerRequest(world, captured('proxy-ipxe-bios-2019-4011-request'), 'proxy');
    expect(summary(at4011)).toMatchObject({ ...said, type: 'ack', bootFile: SCRIPT('bios_x86') });
  });

  test('the REQUEST to the other server is not ours to answer', () => {
    expect(summary(answerRequest(world, captured('ovmf-pxe-request')))).toEqual({ silent: 'nothing_to_answer' });
  });
});

test('a reply with a large option 82 still fits a small client, its file name moved rather than lost', () => {
  know('agent');
  const relayed = captured(
    'ovmf-pxe-discover',
    { giaddr: '10.77.0.254' },
    { 57: Uint8Array.of(2, 64), 82: new Uint8Array(200).fill(7) },
  );
  const outcome = answerRequest(world, relayed);
  expect(summary(outcome)).toMatchObject({ type: 'offer', bootFile: 'ipxe.efi' });
  if ('reply' in outcome) expect(encodeDhcp(outcome.reply).length).toBeLessThanOrEqual(548);
});

test('a network with a nonsensical subnet or pool keeps no other from being served', () => {
  const faults: unknown[] = [];
  networks = [
    { ...network, networkId: 'net_0', subnet: 'nonsense' },
    { ...network, pool: { first: '10.77.0.9', last: '10.77.0.1' } },
  ];
  world = {
    ...world,
    networks,
    leases: leasePools(
      () => networks,
      index,
      (cause) => faults.push(cause),
    ),
  };
  know('agent');
  expect(summary(answerRequest(world, captured('ovmf-pxe-discover', { giaddr: '10.77.0.254' })))['yiaddr']).toBe('10.77.0.50');
  for (const n of [1, 2]) {
    const stranger = captured('udhcpc-discover', { hardware: { type: 1, address: Uint8Array.of(2, 0, 0, 0, 0, n) } });
    expect(summary(answerRequest(world, stranger))).toEqual({ silent: 'no_address' });
  }
  expect(faults.length).toBe(1);
});
