// The part of a DHCP reply that says what to boot and from where.
import type { BootDecision } from '@rackwright/domain/boot-decision/decide-boot.ts';
import { latin1Bytes } from '@rackwright/protocols/bytes/byte-writer.ts';
import { OPTION } from '@rackwright/protocols/dhcp/constants.ts';
import type { DhcpOption } from '@rackwright/protocols/dhcp/options.ts';
import type { DhcpRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { findOption } from '@rackwright/protocols/dhcp/codec.ts';
import type { BootNetwork } from '../boot-network.ts';
import type { BootClient } from './classify-client.ts';

/** The BOOTP fields and the options say the same: ROMs differ in which they read. */
export type BootFields = { siaddr: string; file: string; options: DhcpOption[] };

export const NO_BOOT: BootFields = { siaddr: '0.0.0.0', file: '', options: [] };

const LONGEST_FILE = 127;
/** iPXE's own option (ipxe.org/cfg/175.176): do not wait for another server's boot instructions. */
const NO_PROXY = Uint8Array.of(176, 1, 1);
/** PXE 2.1 section 2.2.1, PXE_DISCOVERY_CONTROL 8: take this file, look for no boot server. Closed by its own end. */
const TAKE_THIS_FILE = Uint8Array.of(6, 1, 8, 255);

/** What the client must load next. The decision is not to ignore it. */
export function bootFields(network: BootNetwork, request: DhcpRequest, client: BootClient, decision: BootDecision): BootFields {
  const file = bootFile(network, request, client, decision);
  if (file === undefined) return NO_BOOT;
  const server = latin1Bytes(network.serverAddress);
  const options: DhcpOption[] = [
    // UEFI takes the answer only when it names the very class it asked as.
    ...(client.stage === 'firmware_http' ? [[OPTION.vendorClass, latin1Bytes('HTTPClient')] as const] : []),
    ...(client.stage === 'firmware_pxe' ? [[OPTION.tftpServerName, server] as const] : []),
    [OPTION.bootFileName, latin1Bytes(file)],
    ...(client.stage === 'ipxe' && network.mode !== 'proxy' ? [[OPTION.ipxe, NO_PROXY] as const] : []),
  ];
  return { siaddr: network.serverAddress, file: file.length <= LONGEST_FILE ? file : '', options };
}

/**
 * A proxy's offer or acknowledgement: no address. UEFI firmware gets its file only when it asks at port 4011, as it wants it; BIOS and
 * iPXE take it from the offer.
 */
export function proxyFields(
  network: BootNetwork,
  request: DhcpRequest,
  client: BootClient,
  decision: BootDecision,
  port: 'dhcp' | 'proxy',
): BootFields {
  const fields = bootFields(network, request, client, decision);
  const guid = findOption(request.packet, OPTION.clientMachine);
  const echo: DhcpOption[] = guid ? [[OPTION.clientMachine, guid]] : [];
  if (client.stage === 'firmware_http') return { ...fields, options: [...fields.options, ...echo] };
  const pxe: DhcpOption = [OPTION.vendorClass, latin1Bytes('PXEClient')];
  if (client.stage === 'firmware_pxe' && client.architecture !== 'bios_x86' && port === 'dhcp') {
    return { siaddr: fields.siaddr, file: '', options: [pxe, ...echo] };
  }
  const direct: DhcpOption[] = client.stage === 'firmware_pxe' ? [[OPTION.vendorSpecific, TAKE_THIS_FILE]] : [];
  return { ...fields, options: [pxe, ...direct, ...echo, ...fields.options] };
}

function bootFile(network: BootNetwork, request: DhcpRequest, client: BootClient, decision: BootDecision): string | undefined {
  const loader = network.bootFiles[client.architecture];
  switch (decision.kind) {
    case 'ignore':
      return undefined;
    case 'chain_load':
      return client.stage === 'firmware_http' && loader !== undefined ? `${network.bootUrl}/boot/${loader}` : loader;
    case 'run_agent':
    case 'boot_disk':
      return `${network.bootUrl}/boot/script.ipxe?mac=${request.mac}&architecture=${client.architecture}`;
  }
}
