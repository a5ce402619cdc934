// The packets against captures of the real clients: size of the UDP payload, flags, and every option's code and length in its order.
import { decodeDhcp, encodeDhcp } from '@rackwright/protocols/dhcp/codec.ts';
import { readRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { expect, test } from 'vitest';
import { type DhcpClientKind, type DhcpWish, dhcpPacket } from './dhcp-packets.ts';

const identity = { mac: '52:54:00:77:00:01', uuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001', hostname: 'bond' };
const discover: DhcpWish = { type: 'discover' };
const request: DhcpWish = { type: 'request', address: '10.77.0.130', server: '10.77.0.1' };

// As code/length. From captures of OVMF 2022.11 (PXE, HTTP), iPXE 2025 as ipxe.efi, busybox udhcpc 1.35 and systemd-networkd 257.
const CAPTURED: [DhcpClientKind, DhcpWish, payload: number, flags: number, options: string][] = [
  ['uefi_pxe', discover, 347, 0x8000, '53/1 57/2 55/35 97/17 94/3 93/2 60/32'],
  ['uefi_pxe', request, 359, 0x8000, '53/1 54/4 50/4 57/2 55/35 97/17 94/3 93/2 60/32'],
  ['uefi_http', discover, 340, 0x8000, '53/1 57/2 55/27 97/17 94/3 93/2 60/33'],
  ['uefi_http', request, 352, 0x8000, '53/1 54/4 50/4 57/2 55/27 97/17 94/3 93/2 60/33'],
  ['uefi_ipxe', discover, 398, 0x8000, '53/1 57/2 93/2 94/3 60/32 77/4 55/24 175/45 61/7 97/17'],
  ['uefi_ipxe', request, 410, 0x8000, '53/1 57/2 93/2 94/3 60/32 77/4 55/24 175/45 61/7 97/17 54/4 50/4'],
  ['agent', discover, 300, 0, '53/1 57/2 55/7 12/8 60/16 61/7'],
  ['agent', request, 306, 0, '53/1 50/4 54/4 57/2 55/7 12/8 60/16 61/7'],
  ['os_duid', discover, 291, 0, '53/1 61/19 55/12 57/2 80/0 12/4'],
  ['os_duid', request, 301, 0, '53/1 61/19 55/12 57/2 54/4 50/4 12/4'],
];

test.each(CAPTURED)('%s %j', (kind, wish, payload, flags, options) => {
  const packet = dhcpPacket(kind, 1, 0, identity, wish);
  expect(packet.options.map(([code, value]) => `${code}/${value.length}`).join(' ')).toBe(options);
  expect([encodeDhcp(packet).length, packet.flags]).toEqual([payload, flags]);
});

test('the boot services read them as what they are', () => {
  const read = (kind: DhcpClientKind) => {
    const packet = decodeDhcp(encodeDhcp(dhcpPacket(kind, 1, 0, identity, discover)));
    const decoded = packet.ok ? readRequest(packet.value) : packet;
    if (!decoded.ok) throw new Error(decoded.fault);
    return decoded.value;
  };
  expect(read('uefi_pxe')).toMatchObject({
    systemUuid: identity.uuid,
    architecture: 7,
    vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
  });
  expect(read('bios_ipxe')).toMatchObject({ architecture: 0, userClasses: ['iPXE'], networkInterface: [1, 2, 1] });
  expect(read('uefi_ipxe').ipxe?.map(([code]) => code)).toEqual([177, 235, 38, 23, 39, 36, 19, 20, 17, 41, 27, 21, 18]);
  expect(read('os_mac').clientIdentifier).toEqual(Uint8Array.of(1, 0x52, 0x54, 0, 0x77, 0, 1));
});
