// DHCP packets: bytes ⇄ values. RFC 2131 section 2; options RFC 2132, long ones RFC 3396, overload RFC 2132 section 9.3.
import { ByteReader, type Decoded, latin1 } from '../bytes/byte-reader.ts';
import { ByteWriter, latin1Bytes } from '../bytes/byte-writer.ts';
import { MAGIC_COOKIE, OPTION } from './constants.ts';
import { concatenate, type DhcpOption, readOptions, writeOptions } from './options.ts';

export type DhcpPacket = {
  op: 'request' | 'reply';
  hardware: { type: number; address: Uint8Array };
  hops: number;
  xid: number;
  secs: number;
  flags: number;
  /** Addresses as dotted text, 0.0.0.0 for none. */
  ciaddr: string;
  yiaddr: string;
  siaddr: string;
  giaddr: string;
  /** Text, or empty where the field is overloaded with options. */
  sname: string;
  file: string;
  /** Of the options field, in their order. Option 52 stands among them and must agree with the two below. */
  options: readonly DhcpOption[];
  /** Options within `file` (52 = 1 or 3). */
  fileOptions?: readonly DhcpOption[];
  /** Options within `sname` (52 = 2 or 3). */
  snameOptions?: readonly DhcpOption[];
  /** Bytes after END: BOOTP's relays want at least 300 in all. */
  padding: number;
};

//   | op | htype | hlen | hops | xid | secs | flags | ciaddr | yiaddr | siaddr | giaddr | chaddr | sname | file | cookie | options … |
//     1    1       1      1      4     2      2       4        4        4        4        16       64      128    4

const ADDRESS_FIELD = 16;
const SNAME_FIELD = 64;
const FILE_FIELD = 128;

export function decodeDhcp(bytes: Uint8Array): Decoded<DhcpPacket> {
  const r = new ByteReader(bytes);
  const op = r.u8();
  if (op !== 1 && op !== 2) return r.reject('neither request nor reply');
  const type = r.u8();
  const length = r.u8();
  if (length > ADDRESS_FIELD) return r.reject(`hardware address of ${length} bytes`);
  const fixed = { hops: r.u8(), xid: r.u32(), secs: r.u16(), flags: r.u16() };
  const addresses = { ciaddr: readAddress(r), yiaddr: readAddress(r), siaddr: readAddress(r), giaddr: readAddress(r) };
  const hardware = { type, address: r.take(length) };
  r.skip(ADDRESS_FIELD - length);
  const sname = r.take(SNAME_FIELD);
  const file = r.take(FILE_FIELD);
  if (r.u32() !== MAGIC_COOKIE) return r.reject('no magic cookie: BOOTP, not DHCP');
  const options = readOptions(r);
  const overload = options.find(([code]) => code === OPTION.overload)?.[1][0] ?? 0;
  const packet: DhcpPacket = {
    op: op === 1 ? 'request' : 'reply',
    hardware,
    ...fixed,
    ...addresses,
    sname: overload & 2 ? '' : untilNul(sname),
    file: overload & 1 ? '' : untilNul(file),
    options,
    ...(overload & 1 && { fileOptions: overloaded(r, file) }),
    ...(overload & 2 && { snameOptions: overloaded(r, sname) }),
    padding: r.left,
  };
  // What follows END says nothing (RFC 2132 section 3.2).
  r.rest();
  return r.finish(packet);
}

export function encodeDhcp(packet: DhcpPacket): Uint8Array {
  const { type, address } = packet.hardware;
  const w = new ByteWriter();
  w.u8(packet.op === 'request' ? 1 : 2)
    .u8(type)
    .u8(address.length)
    .u8(packet.hops)
    .u32(packet.xid)
    .u16(packet.secs)
    .u16(packet.flags);
  for (const field of [packet.ciaddr, packet.yiaddr, packet.siaddr, packet.giaddr]) w.raw(addressBytes(field));
  writeField(w, address, ADDRESS_FIELD);
  writeField(w, packet.snameOptions ? optionBytes(packet.snameOptions) : latin1Bytes(packet.sname), SNAME_FIELD);
  writeField(w, packet.fileOptions ? optionBytes(packet.fileOptions) : latin1Bytes(packet.file), FILE_FIELD);
  w.u32(MAGIC_COOKIE);
  writeOptions(w, packet.options);
  return w.zeros(packet.padding).bytes();
}

/** An option's value, its parts joined over the three fields in RFC 3396's order: options, file, sname. */
export function findOption(packet: DhcpPacket, wanted: number): Uint8Array | undefined {
  const parts = [packet.options, packet.fileOptions ?? [], packet.snameOptions ?? []]
    .flatMap((options) => options.filter(([code]) => code === wanted))
    .map(([, value]) => value);
  return parts.length > 1 ? concatenate(parts) : parts[0];
}

/** `10.0.0.1` from four bytes. */
export function addressText(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** Four bytes from `10.0.0.1`; what is no address becomes 0.0.0.0. */
export function addressBytes(text: string): Uint8Array {
  const parts = text.split('.').map(Number);
  const valid = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
  return Uint8Array.from(valid ? parts : [0, 0, 0, 0]);
}

function readAddress(r: ByteReader): string {
  const bytes = r.take(4);
  return bytes.length === 4 ? addressText(bytes) : '0.0.0.0';
}

function overloaded(r: ByteReader, field: Uint8Array): DhcpOption[] {
  const inner = new ByteReader(field);
  const options = readOptions(inner);
  inner.rest();
  const decoded = inner.finish(options);
  if (decoded.ok) return decoded.value;
  r.fail(`overloaded field: ${decoded.fault}`);
  return [];
}

function optionBytes(options: readonly DhcpOption[]): Uint8Array {
  const w = new ByteWriter();
  writeOptions(w, options);
  return w.bytes();
}

function writeField(w: ByteWriter, bytes: Uint8Array, size: number): void {
  w.raw(bytes.subarray(0, size)).zeros(Math.max(0, size - bytes.length));
}

/** A name may fill its field without a NUL; what follows a NUL says nothing. */
function untilNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return latin1(end < 0 ? field : field.subarray(0, end));
}
