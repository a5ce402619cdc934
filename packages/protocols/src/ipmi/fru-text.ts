// A FRU field: a type and length byte, then text in one of four codings (FRU Storage Definition 1.0 §13).
import { type ByteReader, latin1 } from '../bytes/byte-reader.ts';
import { type ByteWriter, latin1Bytes } from '../bytes/byte-writer.ts';

//   | type<<6, length | bytes |     0 binary, 1 BCD plus, 2 packed 6-bit ASCII, 3 Latin-1; c1 alone: no more fields
const NO_MORE_FIELDS = 0xc1;
const LONGEST = 0x3f;
const BCD_PLUS = '0123456789 -.???';

/** The next field without surrounding blanks; empty after the last one. */
export function fruText(r: ByteReader): string {
  if (r.done || r.peek() === NO_MORE_FIELDS) return '';
  const typeLength = r.u8();
  const bytes = r.take(typeLength & LONGEST);
  return decoded(typeLength >> 6, bytes)
    .replaceAll('\0', '')
    .trim();
}

export function writeFruText(w: ByteWriter, text: string): void {
  const bytes = latin1Bytes(text).subarray(0, LONGEST);
  // One byte of Latin-1 would read as "no more fields" (§13): pad it.
  const padded = bytes.length === 1 ? Uint8Array.of(bytes[0] ?? 0, 0x20) : bytes;
  w.u8(0xc0 | padded.length).raw(padded);
}

function decoded(type: number, bytes: Uint8Array): string {
  switch (type) {
    case 0:
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    case 1:
      return Array.from(bytes, (byte) => `${BCD_PLUS[byte >> 4]}${BCD_PLUS[byte & 15]}`).join('');
    case 2:
      return sixBit(bytes);
    default:
      return latin1(bytes);
  }
}

/** Four characters in three bytes, lowest bits first; each counts from the blank. */
function sixBit(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held |= byte << bits;
    bits += 8;
    while (bits >= 6) {
      text += String.fromCharCode(0x20 + (held & 0x3f));
      held >>= 6;
      bits -= 6;
    }
  }
  return text;
}
