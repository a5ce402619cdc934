// Every way back to a client.
import { decodeDhcp, type DhcpPacket } from '@rackwright/protocols/dhcp/codec.ts';
import { readRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { expect, test } from 'vitest';
import { replyTarget } from './reply-target.ts';

const PORTS = { server: 67, client: 68, relay: 67, proxy: 4011 };
const FROM = { address: '192.0.2.9', port: 3_333 };
const vectors = new Map(loadVectors('dhcp').map((vector) => [vector.name, vector]));

const WAYS: [vector: string, Partial<DhcpPacket>, yiaddr: string, 'dhcp' | 'proxy', expected: string, why: string][] = [
  ['ovmf-pxe-discover', {}, '10.0.0.9', 'dhcp', '255.255.255.255:68', 'it has no address yet'],
  ['ipxe-bios-2019-discover', {}, '10.0.0.9', 'dhcp', '255.255.255.255:68', 'nor does one that did not ask for a broadcast'],
  ['relay-discover', {}, '10.0.0.9', 'dhcp', '10.20.7.1:67', 'through its relay'],
  ['relay-discover-source-port', {}, '10.0.0.9', 'dhcp', '10.20.7.1:3333', 'through a relay with its own port'],
  ['udhcpc-request', { ciaddr: '10.0.0.9' }, '10.0.0.9', 'dhcp', '10.0.0.9:68', 'renewing'],
  ['udhcpc-request', { ciaddr: '10.0.0.9' }, '0.0.0.0', 'dhcp', '255.255.255.255:68', 'a NAK to one that renews'],
  ['inform', {}, '0.0.0.0', 'dhcp', '10.30.0.200:68', 'informed'],
  ['proxy-ovmf-4011-request', {}, '0.0.0.0', 'proxy', '192.0.2.9:3333', 'asked at 4011'],
];

test.each(WAYS)('%s %j given %s at %s: %s, %s', (name, fields, yiaddr, at, expected) => {
  const decoded = decodeDhcp(vectors.get(name)?.bytes ?? new Uint8Array());
  if (!decoded.ok) throw new Error(decoded.fault);
  const request = readRequest({ ...decoded.value, ...fields });
  if (!request.ok) throw new Error(request.fault);
  const { address, port } = replyTarget(request.value, { ...decoded.value, yiaddr }, FROM, at, PORTS);
  expect(`${address}:${port}`).toBe(expected);
});
