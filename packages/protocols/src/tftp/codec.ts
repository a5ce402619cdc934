// TFTP packets: bytes ⇄ values. RFC 1350; options RFC 2347, block size 2348, timeout and transfer size 2349, window size 7440.
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';

const READ = 1;
const WRITE = 2;
const BLOCK = 3;
const ACK = 4;
const ERROR = 5;
const OPTION_ACK = 6;

/** Pairs, not a map: the order reaches the wire, and equal values must make equal bytes. Names are lower case. */
export type TftpOptions = readonly (readonly [name: string, value: string])[];

export type TftpPacket =
  | { kind: 'read' | 'write'; file: string; mode: string; options: TftpOptions }
  | { kind: 'block'; block: number; content: Uint8Array }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; text: string }
  | { kind: 'option_ack'; options: TftpOptions };

/** RFC 1350 appendix; 8 from RFC 2347. */
export const TFTP_ERROR = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegal: 4,
  unknownTransfer: 5,
  optionsRefused: 8,
} as const;

//   read, write | 1, 2 | file 0 | mode 0 | option 0 | value 0 | …       option ack | 6 | option 0 | value 0 | …
//                 2      text     text     text       text                           2   text       text
//   block  | 3 | number | content … |      ack  | 4 | number |      error  | 5 | code | text 0 |
//            2   2        0 to 65464              2   2                      2   2      text

export function decodeTftp(bytes: Uint8Array): Decoded<TftpPacket> {
  const r = new ByteReader(bytes);
  const code = r.u16();
  switch (code) {
    case READ:
    case WRITE: {
      const kind = code === READ ? 'read' : 'write';
      // Mode (RFC 1350) and option names (RFC 2347) ignore case; inside we know only lower case.
      return r.finish<TftpPacket>({ kind, file: r.text(), mode: r.text().toLowerCase(), options: readOptions(r) });
    }
    case BLOCK:
      return r.finish<TftpPacket>({ kind: 'block', block: r.u16(), content: r.rest() });
    case ACK:
      return r.finish<TftpPacket>({ kind: 'ack', block: r.u16() });
    case ERROR:
      return r.finish<TftpPacket>({ kind: 'error', code: r.u16(), text: r.text() });
    case OPTION_ACK:
      return r.finish<TftpPacket>({ kind: 'option_ack', options: readOptions(r) });
    default:
      return r.reject(`no such packet: ${code}`);
  }
}

export function encodeTftp(packet: TftpPacket): Uint8Array {
  const w = new ByteWriter();
  switch (packet.kind) {
    case 'read':
    case 'write':
      w.u16(packet.kind === 'read' ? READ : WRITE)
        .text(packet.file)
        .text(packet.mode);
      return writeOptions(w, packet.options);
    case 'block':
      return w.u16(BLOCK).u16(packet.block).raw(packet.content).bytes();
    case 'ack':
      return w.u16(ACK).u16(packet.block).bytes();
    case 'error':
      return w.u16(ERROR).u16(packet.code).text(packet.text).bytes();
    case 'option_ack':
      return writeOptions(w.u16(OPTION_ACK), packet.options);
  }
}

function readOptions(r: ByteReader): TftpOptions {
  const options: [string, string][] = [];
  // `done` is also true after a fault. A packet of n bytes holds at most n/2 options, so this ends.
  while (!r.done) options.push([r.text().toLowerCase(), r.text()]);
  return options;
}

function writeOptions(w: ByteWriter, options: TftpOptions): Uint8Array {
  for (const [name, value] of options) w.text(name).text(value);
  return w.bytes();
}
