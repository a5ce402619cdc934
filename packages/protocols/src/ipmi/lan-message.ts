// The IPMI LAN message (IPMI 2.0 §13.8): a request or an answer with its two checksums.
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';

//   | to | netFn<<2 | lun | checksum | from | sequence<<2 | lun | command | body … | checksum |
export type LanMessage = {
  to: number;
  /** Even: request. Odd: the answer to the one below. */
  netFn: number;
  toLun: number;
  from: number;
  /** 0 to 63; an answer repeats its request's. */
  sequence: number;
  fromLun: number;
  command: number;
  /** An answer's begins with the completion code. */
  body: Uint8Array;
};

export function decodeLanMessage(bytes: Uint8Array): Decoded<LanMessage> {
  const r = new ByteReader(bytes);
  const to = r.u8();
  const netFnLun = r.u8();
  const headSum = r.u8();
  const from = r.u8();
  const sequenceLun = r.u8();
  const command = r.u8();
  const body = r.take(r.left - 1);
  const tailSum = r.u8();
  if (r.failed) return r.reject('too short for a LAN message');
  if (headSum !== checksum([to, netFnLun])) return r.reject('wrong first checksum');
  if (tailSum !== checksum([from, sequenceLun, command, ...body])) return r.reject('wrong second checksum');
  const lanes = { netFn: netFnLun >> 2, toLun: netFnLun & 3, sequence: sequenceLun >> 2, fromLun: sequenceLun & 3 };
  return r.finish<LanMessage>({ to, from, command, body, ...lanes });
}

export function encodeLanMessage(message: LanMessage): Uint8Array {
  const netFnLun = (message.netFn << 2) | message.toLun;
  const sequenceLun = (message.sequence << 2) | message.fromLun;
  const w = new ByteWriter()
    .u8(message.to)
    .u8(netFnLun)
    .u8(checksum([message.to, netFnLun]));
  w.u8(message.from).u8(sequenceLun).u8(message.command).raw(message.body);
  return w.u8(checksum([message.from, sequenceLun, message.command, ...message.body])).bytes();
}

/** Two's complement of the sum, so that everything with its checksum adds up to zero. */
export function checksum(bytes: Iterable<number>): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return -sum & 0xff;
}
