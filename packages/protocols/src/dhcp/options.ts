// The option fields of a DHCP packet: ordered pairs of code and bytes. RFC 2132; values above 255 bytes RFC 3396.
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { OPTION } from './constants.ts';

/** Pairs, not a map: the order reaches the wire. Unknown codes are kept as they came. */
export type DhcpOption = readonly [code: number, value: Uint8Array];

const LONGEST_PIECE = 255;

//   pad  | 0 |        option  | code | length | value … |        end  | 255 |
//          1                    1       1       length                  1

/** Reads up to and with the END option; parts of one option are joined (RFC 3396 section 7). Padding between options is dropped. */
export function readOptions(r: ByteReader): DhcpOption[] {
  const pieces = new Map<number, Uint8Array[]>();
  while (!r.done) {
    const code = r.u8();
    if (code === OPTION.pad) continue;
    if (code === OPTION.end) return join(pieces);
    const piece = r.take(r.u8());
    const known = pieces.get(code);
    if (known) known.push(piece);
    else pieces.set(code, [piece]);
  }
  r.fail('options without their end');
  return [];
}

/** Writes the options in their order, long ones in pieces, and END. */
export function writeOptions(w: ByteWriter, options: readonly DhcpOption[]): void {
  for (const [code, value] of options) {
    let at = 0;
    do {
      const piece = value.subarray(at, at + LONGEST_PIECE);
      w.u8(code).u8(piece.length).raw(piece);
      at += LONGEST_PIECE;
    } while (at < value.length);
  }
  w.u8(OPTION.end);
}

/** Bytes that one option takes on the wire. */
export function optionSize([, value]: DhcpOption): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / LONGEST_PIECE));
}

/** Options within an option, as option 82 (RFC 3046) and iPXE's 175 hold them: no padding and no end, not joined. */
export function decodeSubOptions(bytes: Uint8Array): Decoded<DhcpOption[]> {
  const r = new ByteReader(bytes);
  const options: DhcpOption[] = [];
  while (!r.done) options.push([r.u8(), r.take(r.u8())]);
  return r.finish(options);
}

function join(pieces: Map<number, Uint8Array[]>): DhcpOption[] {
  return [...pieces].map(([code, parts]) => [code, parts.length === 1 && parts[0] ? parts[0] : concatenate(parts)]);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
