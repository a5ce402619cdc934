// Each client that was captured is taken for what it is.
import { decodeDhcp } from '@rackwright/protocols/dhcp/codec.ts';
import { readRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { expect, test } from 'vitest';
import { classifyClient } from './classify-client.ts';

const vectors = new Map(loadVectors('dhcp').map((vector) => [vector.name, vector]));

test.each([
  ['ipxe-bios-2019-discover', 'ipxe', 'bios_x86'],
  ['ipxe-bios-2019-request', 'ipxe', 'bios_x86'],
  ['ipxe-efi-rom-2019-discover', 'ipxe', 'uefi_x64'],
  ['ipxe-efi-2019-request', 'ipxe', 'uefi_x64'],
  ['ipxe-efi-2025-discover', 'ipxe', 'uefi_x64'],
  ['ipxe-snponly-2025-discover', 'ipxe', 'uefi_x64'],
  ['proxy-ipxe-2025-discover', 'ipxe', 'uefi_x64'],
  ['proxy-ipxe-bios-2019-4011-request', 'ipxe', 'bios_x86'],
  ['ovmf-pxe-discover', 'firmware_pxe', 'uefi_x64'],
  ['ovmf-pxe-request', 'firmware_pxe', 'uefi_x64'],
  ['proxy-ovmf-4011-request', 'firmware_pxe', 'uefi_x64'],
  ['ovmf-http-discover', 'firmware_http', 'uefi_x64'],
  ['ovmf-http-request', 'firmware_http', 'uefi_x64'],
  ['udhcpc-discover', 'agent', 'other'],
  ['networkd-discover', 'os', 'other'],
  // Its option 60 says Arch:00007 as well, but option 93 is what counts.
  ['relay-discover', 'firmware_pxe', 'uefi_x64'],
])('%s is %s on %s', (name, stage, architecture) => {
  const decoded = decodeDhcp(vectors.get(name)?.bytes ?? new Uint8Array());
  if (!decoded.ok) throw new Error(decoded.fault);
  const request = readRequest(decoded.value);
  if (!request.ok) throw new Error(request.fault);
  expect(classifyClient(request.value)).toEqual({ stage, architecture });
});

test('the digits in option 60 are never read', () => {
  const decoded = decodeDhcp(vectors.get('ovmf-pxe-discover')?.bytes ?? new Uint8Array());
  const request = decoded.ok ? readRequest(decoded.value) : decoded;
  if (!request.ok) throw new Error(request.fault);
  expect(classifyClient({ ...request.value, vendorClass: 'PXEClient:Arch:00000:UNDI:002001' }).architecture).toBe('uefi_x64');
});
