// What a DHCP packet says, in values: the typed view that a server decides by. Options of the wrong length count as absent.
import { type Decoded, latin1 } from '../bytes/byte-reader.ts';
import { addressText, type DhcpPacket, findOption } from './codec.ts';
import { BROADCAST_FLAG, MESSAGE_TYPES, type MessageType, OPTION, RELAY } from './constants.ts';
import { type DhcpOption, decodeSubOptions } from './options.ts';

export type RelayAgent = {
  /** Option 82 as it came: a server answers with these very bytes (RFC 3046 section 2.2). */
  raw: Uint8Array;
  circuitId?: Uint8Array;
  remoteId?: Uint8Array;
  /** The network the client is on, where that is not giaddr's (RFC 3527). */
  linkSelection?: string;
  /** What the client must take for our address (RFC 5107). */
  serverIdOverride?: string;
  /** The relay wants its answer at the port it sent from (RFC 8357). */
  answerSourcePort: boolean;
};

export type DhcpRequest = {
  packet: DhcpPacket;
  messageType: MessageType;
  /** Lower case with colons. */
  mac: string;
  wantsBroadcast: boolean;
  requestedAddress?: string;
  serverIdentifier?: string;
  clientIdentifier?: Uint8Array;
  hostName?: string;
  vendorClass?: string;
  userClasses: readonly string[];
  /** Largest UDP payload plus headers that the client says it takes (option 57). */
  maximumMessageSize?: number;
  parameterRequestList: readonly number[];
  /** Option 93, first of possibly several. */
  architecture?: number;
  /** Option 94: major and minor of the network interface. */
  networkInterface?: readonly [type: number, major: number, minor: number];
  /** Option 97 as the system's UUID, its first three groups turned from little-endian. */
  systemUuid?: string;
  /** iPXE's own options (175), when it is iPXE that asks. */
  ipxe?: readonly DhcpOption[];
  relay?: RelayAgent;
};

/** Refuses what no DHCP server can answer: replies, BOOTP without a message type, hardware that is not Ethernet. */
export function readRequest(packet: DhcpPacket): Decoded<DhcpRequest> {
  if (packet.op !== 'request') return { ok: false, fault: 'a reply' };
  const { type, address } = packet.hardware;
  if (type !== 1 || address.length !== 6) return { ok: false, fault: `hardware type ${type} with ${address.length} bytes` };
  const messageType = readMessageType(findOption(packet, OPTION.messageType));
  if (messageType === undefined) return { ok: false, fault: 'no message type: BOOTP, not DHCP' };
  const option = (code: number) => findOption(packet, code);
  return {
    ok: true,
    value: {
      packet,
      messageType,
      mac: Array.from(address, hexByte).join(':'),
      wantsBroadcast: (packet.flags & BROADCAST_FLAG) !== 0,
      userClasses: readUserClasses(option(OPTION.userClass)),
      parameterRequestList: [...(option(OPTION.parameterRequestList) ?? [])],
      ...present({
        requestedAddress: readAddress(option(OPTION.requestedAddress)),
        serverIdentifier: readAddress(option(OPTION.serverIdentifier)),
        clientIdentifier: option(OPTION.clientIdentifier),
        hostName: readText(option(OPTION.hostName)),
        vendorClass: readText(option(OPTION.vendorClass)),
        maximumMessageSize: readU16(option(OPTION.maximumMessageSize)),
        architecture: readFirstU16(option(OPTION.architecture)),
        networkInterface: readInterface(option(OPTION.networkInterface)),
        systemUuid: readUuid(option(OPTION.clientMachine)),
        ipxe: readSubOptions(option(OPTION.ipxe)),
        relay: readRelay(option(OPTION.relayAgent)),
      }),
    },
  };
}

export function readRelay(raw: Uint8Array | undefined): RelayAgent | undefined {
  if (raw === undefined) return undefined;
  const subOptions = readSubOptions(raw) ?? [];
  const find = (wanted: number) => subOptions.find(([code]) => code === wanted)?.[1];
  return {
    raw,
    answerSourcePort: find(RELAY.sourcePort) !== undefined,
    ...present({
      circuitId: find(RELAY.circuitId),
      remoteId: find(RELAY.remoteId),
      linkSelection: readAddress(find(RELAY.linkSelection)),
      serverIdOverride: readAddress(find(RELAY.serverIdOverride)),
    }),
  };
}

function readMessageType(value: Uint8Array | undefined): MessageType | undefined {
  return value?.length === 1 ? MESSAGE_TYPES[(value[0] ?? 0) - 1] : undefined;
}

function readAddress(value: Uint8Array | undefined): string | undefined {
  return value?.length === 4 ? addressText(value) : undefined;
}

/** Some clients count a closing NUL in (RFC 2132 section 2 says not to, and to bear it). */
function readText(value: Uint8Array | undefined): string | undefined {
  return value && latin1(value).replace(/\0+$/, '');
}

function readU16(value: Uint8Array | undefined): number | undefined {
  return value?.length === 2 ? readFirstU16(value) : undefined;
}

function readFirstU16(value: Uint8Array | undefined): number | undefined {
  return value && value.length >= 2 && value.length % 2 === 0 ? (value[0] ?? 0) * 256 + (value[1] ?? 0) : undefined;
}

function readInterface(value: Uint8Array | undefined): readonly [number, number, number] | undefined {
  return value?.length === 3 ? [value[0] ?? 0, value[1] ?? 0, value[2] ?? 0] : undefined;
}

/** RFC 3004 has a list of counted texts; iPXE and others send one bare text. Which it is shows in whether the counts add up. */
function readUserClasses(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  const classes: string[] = [];
  let at = 0;
  while (at < value.length) {
    const length = value[at] ?? 0;
    if (length === 0 || at + 1 + length > value.length) return [latin1(value)];
    classes.push(latin1(value.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return classes;
}

/** RFC 4578 section 2.3: type 0, then the UUID as SMBIOS has it. */
function readUuid(value: Uint8Array | undefined): string | undefined {
  if (value?.length !== 17 || value[0] !== 0) return undefined;
  const hex = Array.from([4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16], (at) => hexByte(value[at] ?? 0)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function readSubOptions(value: Uint8Array | undefined): DhcpOption[] | undefined {
  if (value === undefined) return undefined;
  const decoded = decodeSubOptions(value);
  return decoded.ok ? decoded.value : undefined;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined: absent and undefined are two things under exactOptionalPropertyTypes. */
function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
