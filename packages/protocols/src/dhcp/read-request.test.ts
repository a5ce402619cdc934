// The typed view: what each option means, and that one broken option takes nothing else along.
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { expect, test } from 'vitest';
import { latin1Bytes } from '../bytes/byte-writer.ts';
import { type DhcpPacket, decodeDhcp } from './codec.ts';
import type { DhcpOption } from './options.ts';
import { type DhcpRequest, readRequest } from './read-request.ts';

const vectors = new Map(loadVectors('dhcp').map((vector) => [vector.name, vector]));

function packet(name: string): DhcpPacket {
  const decoded = decodeDhcp(vectors.get(name)?.bytes ?? new Uint8Array());
  if (!decoded.ok) throw new Error(decoded.fault);
  return decoded.value;
}

function read(from: DhcpPacket, ...options: DhcpOption[]): DhcpRequest {
  const set = options.map(([code]) => code);
  const request = readRequest({ ...from, options: [...from.options.filter(([code]) => !set.includes(code)), ...options] });
  if (!request.ok) throw new Error(request.fault);
  return request.value;
}

test('UEFI firmware, as captured', () => {
  expect(read(packet('ovmf-pxe-request'))).toMatchObject({
    messageType: 'request',
    mac: '52:54:00:77:00:01',
    wantsBroadcast: true,
    requestedAddress: '10.77.0.130',
    serverIdentifier: '10.77.0.1',
    vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
    userClasses: [],
    maximumMessageSize: 65_280,
    architecture: 7,
    networkInterface: [1, 3, 0],
    systemUuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001',
  });
});

test('iPXE, as captured: its bare user class and its own options', () => {
  const request = read(packet('ipxe-efi-2025-discover'));
  expect(request.userClasses).toEqual(['iPXE']);
  expect(request.ipxe?.slice(0, 2)).toEqual([
    [177, Uint8Array.of(1, 0x1a, 0xf4, 0x10, 0)],
    [235, Uint8Array.of(1, 0, 0)],
  ]);
});

test('a relay says where the client is', () => {
  expect(read(packet('relay-discover-source-port')).relay).toMatchObject({
    circuitId: latin1Bytes('Ethernet1/7:100'),
    remoteId: Uint8Array.of(0x52, 0x54, 0, 0xff, 0xee, 1),
    linkSelection: '10.30.0.0',
    serverIdOverride: '10.20.7.1',
    answerSourcePort: true,
  });
  expect(read(packet('relay-discover')).relay?.answerSourcePort).toBe(false);
});

test.each([
  ['bare', latin1Bytes('iPXE'), ['iPXE']],
  ['one counted (RFC 3004)', latin1Bytes('\x04iPXE'), ['iPXE']],
  ['two counted', latin1Bytes('\x04iPXE\x03lab'), ['iPXE', 'lab']],
  ['counts that do not add up', latin1Bytes('\x09iPXE'), ['\x09iPXE']],
])('user classes: %s', (_how, value, classes) => {
  expect(read(packet('udhcpc-discover'), [77, value]).userClasses).toEqual(classes);
});

test('options of the wrong length are as if absent, the rest stands', () => {
  const wrong: DhcpOption[] = [50, 54, 57, 93, 94, 97].map((code) => [code, Uint8Array.of(1)]);
  const request = read(packet('ovmf-pxe-discover'), ...wrong, [82, Uint8Array.of(1, 200, 0)]);
  for (const field of [
    'requestedAddress',
    'serverIdentifier',
    'maximumMessageSize',
    'architecture',
    'networkInterface',
    'systemUuid',
  ] as const) {
    expect(request[field]).toBeUndefined();
  }
  // What cannot be read is echoed all the same: the relay knows what it meant.
  expect(request.relay).toEqual({ raw: Uint8Array.of(1, 200, 0), answerSourcePort: false });
  expect(request.vendorClass).toBe('PXEClient:Arch:00007:UNDI:003000');
});

test.each([
  ['a reply', { op: 'reply' }, 'a reply'],
  ['token ring', { hardware: { type: 6, address: new Uint8Array(6) } }, 'hardware type 6'],
  ['InfiniBand', { hardware: { type: 32, address: new Uint8Array(0) } }, 'hardware type 32'],
  ['BOOTP', { options: [] }, 'no message type'],
] as const)('%s is refused', (_what, fields, fault) => {
  const request = readRequest({ ...packet('ovmf-pxe-discover'), ...fields });
  expect(request.ok ? '' : request.fault).toContain(fault);
});
