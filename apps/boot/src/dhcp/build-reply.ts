// A DHCP reply from what was decided: fields, options in a fixed order, destination. RFC 2131 section 4.1 and table 3.
import { latin1Bytes } from '@rackwright/protocols/bytes/byte-writer.ts';
import { addressBytes, type DhcpPacket, findOption } from '@rackwright/protocols/dhcp/codec.ts';
import {
  BROADCAST_FLAG,
  MESSAGE_TYPES,
  type MessageType,
  OPTION,
  SMALLEST_MAXIMUM,
} from '@rackwright/protocols/dhcp/constants.ts';
import { fitPacket } from '@rackwright/protocols/dhcp/fit-packet.ts';
import type { DhcpOption } from '@rackwright/protocols/dhcp/options.ts';
import type { DhcpRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import type { BootNetwork } from '../boot-network.ts';
import { type BootFields, NO_BOOT } from './boot-options.ts';
import { NO_ADDRESS } from './choose-network.ts';
import { formatIpv4, parseSubnet } from './ipv4.ts';

export type ReplyParts = {
  type: Extract<MessageType, 'offer' | 'ack' | 'nak'>;
  /** The client's address; absent for a NAK, an INFORM and a proxy. */
  address?: string;
  /** Say how long the address is good for: not to an INFORM. */
  lease: 'given' | 'none';
  /** Mask, router and so on: not in a NAK and not from a proxy. */
  parameters: 'given' | 'none';
  hostname?: string;
  boot?: BootFields;
  message?: string;
};

/** BOOTP relays drop shorter packets (RFC 1542 section 2.1). */
const SHORTEST = 300;
/** An Ethernet frame without IP and UDP headers: what some clients claim beyond it never arrives whole. */
const LONGEST = 1472;
const HEADERS = 28;

/** Undefined when it cannot be made to fit what the client takes. */
export function buildReply(network: BootNetwork, request: DhcpRequest, parts: ReplyParts): DhcpPacket | undefined {
  const { packet: asked } = request;
  const boot = parts.boot ?? NO_BOOT;
  const options: DhcpOption[] = [
    [OPTION.messageType, Uint8Array.of(MESSAGE_TYPES.indexOf(parts.type) + 1)],
    [OPTION.serverIdentifier, addressBytes(serverIdentifier(network, request))],
    ...(parts.lease === 'given' ? leaseOptions(network) : []),
    ...(parts.parameters === 'given' ? parameterOptions(network, request, parts.hostname) : []),
    ...(parts.message ? [[OPTION.message, latin1Bytes(parts.message)] as const] : []),
    ...boot.options,
    ...echoed(request, OPTION.clientIdentifier), // RFC 6842
    ...echoed(request, OPTION.relayAgent), // RFC 3046 section 2.2: last
  ];
  const reply: DhcpPacket = {
    op: 'reply',
    hardware: asked.hardware,
    hops: 0,
    xid: asked.xid,
    secs: 0,
    // RFC 2131 section 4.3.2: a NAK through a relay must be broadcast, the client has no address to reach it at.
    flags: parts.type === 'nak' && asked.giaddr !== NO_ADDRESS ? asked.flags | BROADCAST_FLAG : asked.flags,
    ciaddr: parts.type === 'ack' ? asked.ciaddr : NO_ADDRESS,
    yiaddr: parts.address ?? NO_ADDRESS,
    siaddr: boot.siaddr,
    giaddr: asked.giaddr,
    sname: '',
    file: boot.file,
    options,
    padding: 0,
  };
  return fitToClient(reply, request);
}

/** RFC 5107: a relay may want to be taken for the server, to see renewals too. */
export function serverIdentifier(network: BootNetwork, request: DhcpRequest): string {
  return request.relay?.serverIdOverride ?? network.serverAddress;
}

function fitToClient(reply: DhcpPacket, request: DhcpRequest): DhcpPacket | undefined {
  const claimed = (request.maximumMessageSize ?? 0) - HEADERS;
  const limit = Math.min(LONGEST, Math.max(SMALLEST_MAXIMUM, claimed));
  // The file's name also stands in option 67: give the field up before giving the client up.
  const fitted = fitPacket(reply, limit) ?? fitPacket({ ...reply, file: '' }, limit);
  return fitted && { ...fitted, padding: Math.max(0, SHORTEST - payloadSize(fitted)) };
}

function payloadSize(packet: DhcpPacket): number {
  return 241 + packet.options.reduce((sum, [, value]) => sum + 2 + value.length, 0);
}

function leaseOptions(network: BootNetwork): DhcpOption[] {
  const seconds = network.leaseSeconds;
  return [
    [OPTION.leaseTime, u32(seconds)],
    [OPTION.renewalTime, u32(Math.floor(seconds / 2))], // RFC 2131 section 4.4.5
    [OPTION.rebindingTime, u32(Math.floor((seconds * 7) / 8))],
  ];
}

function parameterOptions(network: BootNetwork, request: DhcpRequest, hostname: string | undefined): DhcpOption[] {
  const subnet = parseSubnet(network.subnet);
  const all: (readonly [code: number, value: Uint8Array | undefined])[] = [
    [OPTION.subnetMask, subnet && addressBytes(formatIpv4(subnet.mask))],
    [OPTION.router, network.router === undefined ? undefined : addressBytes(network.router)],
    [OPTION.domainNameServer, addressList(network.dnsServers)],
    [OPTION.domainName, network.domain === undefined ? undefined : latin1Bytes(network.domain)],
    [OPTION.broadcastAddress, subnet && addressBytes(formatIpv4(subnet.last))],
    [OPTION.ntpServer, addressList(network.ntpServers)],
    [OPTION.hostName, hostname === undefined ? undefined : latin1Bytes(hostname)],
  ];
  const wanted = request.parameterRequestList;
  return all.flatMap(([code, value]) =>
    value && (wanted.length === 0 || wanted.includes(code)) ? [[code, value] as const] : [],
  );
}

function addressList(addresses: readonly string[]): Uint8Array | undefined {
  return addresses.length === 0 ? undefined : Uint8Array.from(addresses.flatMap((address) => [...addressBytes(address)]));
}

function echoed(request: DhcpRequest, code: number): DhcpOption[] {
  const value = findOption(request.packet, code);
  return value === undefined ? [] : [[code, value]];
}

function u32(value: number): Uint8Array {
  return Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}
