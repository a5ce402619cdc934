// DHCP packets as real clients send them, option by option in their order; from captures of OVMF, iPXE, udhcpc and systemd-networkd.
import { latin1Bytes } from '@rackwright/protocols/bytes/byte-writer.ts';
import { addressBytes, type DhcpPacket } from '@rackwright/protocols/dhcp/codec.ts';
import { BROADCAST_FLAG, OPTION } from '@rackwright/protocols/dhcp/constants.ts';
import { type DhcpOption, optionSize } from '@rackwright/protocols/dhcp/options.ts';

/** `os_mac`: systemd-networkd with netplan's `dhcp-identifier: mac`; `os_duid`: without. */
export type DhcpClientKind = 'uefi_pxe' | 'uefi_http' | 'bios_pxe' | 'uefi_ipxe' | 'bios_ipxe' | 'agent' | 'os_mac' | 'os_duid';
export type DhcpIdentity = { mac: string; uuid: string; hostname: string };
export type DhcpWish = { type: 'discover' } | { type: 'request'; address: string; server: string };

const FIRMWARE_LIST = [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60];
// OVMF's HTTP list really holds a literal 0.
const HTTP_LIST = [...FIRMWARE_LIST, 0, 67, 97];
const PXE_LIST = [...FIRMWARE_LIST, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135];
const IPXE_LIST = [1, 3, 6, 7, 12, 15, 17, 26, 42, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203];
const AGENT_LIST = [1, 3, 6, 12, 15, 28, 42];
const NETWORKD_LIST = [1, 3, 6, 12, 15, 26, 33, 42, 114, 120, 121, 162];
/** 177 bus id of a virtio NIC, 235 version, then the features compiled in. */
const IPXE_FEATURES = '011af41000 eb03010000 260101 170101 270101 240101 130101 140101 110101 290101 1b0101 150101 120101';

export function dhcpPacket(kind: DhcpClientKind, xid: number, secs: number, identity: DhcpIdentity, wish: DhcpWish): DhcpPacket {
  const options: DhcpOption[] = [
    [OPTION.messageType, Uint8Array.of(wish.type === 'discover' ? 1 : 3)],
    ...clientOptions(kind, identity, wish),
  ];
  return {
    op: 'request',
    hardware: { type: 1, address: macBytes(identity.mac) },
    hops: 0,
    xid,
    secs,
    flags: kind === 'uefi_pxe' || kind === 'uefi_http' || kind === 'uefi_ipxe' ? BROADCAST_FLAG : 0,
    ciaddr: '0.0.0.0',
    yiaddr: '0.0.0.0',
    siaddr: '0.0.0.0',
    giaddr: '0.0.0.0',
    sname: '',
    file: '',
    options,
    // udhcpc fills up to BOOTP's 300 bytes: 240 before the options, 1 at their end.
    padding: kind === 'agent' ? Math.max(0, 300 - 241 - options.reduce((sum, option) => sum + optionSize(option), 0)) : 0,
  };
}

/** In each client's own order, which servers and snooping switches have been known to care about. */
function clientOptions(kind: DhcpClientKind, identity: DhcpIdentity, wish: DhcpWish): DhcpOption[] {
  const parts = optionsOf(identity, wish);
  switch (kind) {
    case 'uefi_pxe': {
      const size = wish.type === 'discover' ? 1472 : 65_280;
      return firmwareOptions(parts, size, PXE_LIST, { code: 7, undi: [3, 0], vendorClass: 'PXEClient:Arch:00007:UNDI:003000' });
    }
    case 'uefi_http':
      return firmwareOptions(parts, 1472, HTTP_LIST, {
        code: 16,
        undi: [3, 0],
        vendorClass: 'HTTPClient:Arch:00016:UNDI:003000',
      });
    case 'bios_pxe':
      return firmwareOptions(parts, 1260, PXE_LIST, { code: 0, undi: [2, 1], vendorClass: 'PXEClient:Arch:00000:UNDI:002001' });
    case 'uefi_ipxe':
      return ipxeOptions(parts, { code: 7, undi: [3, 10], vendorClass: 'PXEClient:Arch:00007:UNDI:003010' });
    case 'bios_ipxe':
      return ipxeOptions(parts, { code: 0, undi: [2, 1], vendorClass: 'PXEClient:Arch:00000:UNDI:002001' });
    case 'agent':
      return agentOptions(parts);
    case 'os_mac':
      return networkdOptions(parts, parts.macId, identity.hostname, wish);
    case 'os_duid':
      return networkdOptions(parts, [OPTION.clientIdentifier, duid(identity.mac, identity.uuid)], identity.hostname, wish);
  }
}

/** What every client sends in one place or another. */
type OptionParts = { server: DhcpOption[]; requested: DhcpOption[]; machine: DhcpOption; macId: DhcpOption };
type Architecture = { code: number; undi: [major: number, minor: number]; vendorClass: string };

function optionsOf({ mac, uuid }: DhcpIdentity, wish: DhcpWish): OptionParts {
  return {
    server: wish.type === 'request' ? [[OPTION.serverIdentifier, addressBytes(wish.server)]] : [],
    requested: wish.type === 'request' ? [[OPTION.requestedAddress, addressBytes(wish.address)]] : [],
    machine: [OPTION.clientMachine, Uint8Array.from([0, ...guidBytes(uuid)])],
    macId: [OPTION.clientIdentifier, Uint8Array.from([1, ...macBytes(mac)])],
  };
}

function firmwareOptions(
  { server, requested, machine }: OptionParts,
  size: number,
  list: number[],
  { code, undi, vendorClass }: Architecture,
): DhcpOption[] {
  return [
    ...server,
    ...requested,
    [OPTION.maximumMessageSize, u16(size)],
    [OPTION.parameterRequestList, Uint8Array.from(list)],
    machine,
    [OPTION.networkInterface, Uint8Array.of(1, ...undi)],
    [OPTION.architecture, u16(code)],
    [OPTION.vendorClass, latin1Bytes(vendorClass)],
  ];
}

function ipxeOptions(
  { server, requested, machine, macId }: OptionParts,
  { code, undi, vendorClass }: Architecture,
): DhcpOption[] {
  return [
    [OPTION.maximumMessageSize, u16(1472)],
    [OPTION.architecture, u16(code)],
    [OPTION.networkInterface, Uint8Array.of(1, ...undi)],
    [OPTION.vendorClass, latin1Bytes(vendorClass)],
    [OPTION.userClass, latin1Bytes('iPXE')],
    [OPTION.parameterRequestList, Uint8Array.from(IPXE_LIST)],
    [OPTION.ipxe, hexBytes(`b105${IPXE_FEATURES}`)],
    macId,
    machine,
    ...server,
    ...requested,
  ];
}

function agentOptions({ server, requested, macId }: OptionParts): DhcpOption[] {
  return [
    ...requested,
    ...server,
    [OPTION.maximumMessageSize, u16(576)],
    [OPTION.parameterRequestList, Uint8Array.from(AGENT_LIST)],
    [OPTION.hostName, latin1Bytes('rw-agent')],
    [OPTION.vendorClass, latin1Bytes('rackwright-agent')],
    macId,
  ];
}

function networkdOptions({ server, requested }: OptionParts, id: DhcpOption, hostname: string, wish: DhcpWish): DhcpOption[] {
  return [
    id,
    [OPTION.parameterRequestList, Uint8Array.from(NETWORKD_LIST)],
    [OPTION.maximumMessageSize, u16(1472)],
    ...(wish.type === 'discover' ? [[OPTION.rapidCommit, new Uint8Array()] as const] : []),
    ...server,
    ...requested,
    [OPTION.hostName, latin1Bytes(hostname)],
  ];
}

/** RFC 4361: 255, an id of the interface, a DUID-EN of systemd (enterprise 43793) with eight bytes from the machine id. */
function duid(mac: string, uuid: string): Uint8Array {
  return Uint8Array.from([
    0xff,
    ...macBytes(mac).slice(2),
    0,
    2,
    0,
    0,
    0xab,
    0x11,
    ...hexBytes(uuid.replaceAll('-', '')).slice(8),
  ]);
}

export function macBytes(mac: string): Uint8Array {
  return hexBytes(mac.replaceAll(':', ''));
}

/** SMBIOS order: the first three groups little-endian (RFC 4578 section 2.3 sends them as they lie in memory). */
function guidBytes(uuid: string): number[] {
  const bytes = hexBytes(uuid.replaceAll('-', ''));
  return [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => bytes[at] ?? 0);
}

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
