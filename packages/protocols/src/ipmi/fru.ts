// The FRU label memory (Platform Management FRU Information Storage Definition 1.0 §8, §11, §12): who made the machine, its numbers.
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { fruText, writeFruText } from './fru-text.ts';
import { checksum } from './lan-message.ts';

//   header    | 01 | internal | chassis | board | product | multi | 0 | checksum |     offsets in units of 8 bytes, 0: absent
//   board     | 01 | length/8 | language | minutes since 1996, 3 | maker, name, serial, part, file | c1 | 0… | checksum
//   product   | 01 | length/8 | language | maker, name, part, version, serial, asset tag, file | c1 | 0… | checksum
export type FruBoard = { manufacturedAt: number; maker: string; name: string; serial: string; part: string };
export type FruProduct = { maker: string; name: string; part: string; version: string; serial: string; assetTag: string };
export type Fru = { board?: FruBoard; product?: FruProduct };

const FORMAT = 1;
const NO_MORE_FIELDS = 0xc1;
const ENGLISH = 0;

/** The chassis and vendors' areas are passed over. */
export function decodeFru(bytes: Uint8Array): Decoded<Fru> {
  const r = new ByteReader(bytes);
  const header = r.take(8);
  r.rest();
  if (r.failed) return r.reject('too short for a FRU header');
  if ((header[0] ?? 0) % 16 !== FORMAT || checksum(header) !== 0) return r.reject('not a FRU header');
  const board = (header[3] ?? 0) * 8;
  const product = (header[4] ?? 0) * 8;
  return r.finish<Fru>({
    ...(board === 0 ? {} : { board: readBoard(area(r, bytes, board)) }),
    ...(product === 0 ? {} : { product: readProduct(area(r, bytes, product)) }),
  });
}

/** A reader over one area's body, after format, length and language. Faults go to `outer`. */
function area(outer: ByteReader, bytes: Uint8Array, offset: number): ByteReader {
  const length = (bytes[offset + 1] ?? 0) * 8;
  const body = bytes.slice(offset, offset + length);
  if (length === 0 || body.length < length || checksum(body) !== 0) outer.fail('a FRU area with a wrong length or checksum');
  return new ByteReader(body.slice(3));
}

function readBoard(r: ByteReader): FruBoard {
  const manufacturedAt = r.u24le();
  return { manufacturedAt, maker: fruText(r), name: fruText(r), serial: fruText(r), part: fruText(r) };
}

function readProduct(r: ByteReader): FruProduct {
  const [maker, name, part] = [fruText(r), fruText(r), fruText(r)];
  return { maker, name, part, version: fruText(r), serial: fruText(r), assetTag: fruText(r) };
}

export function encodeFru({ board, product }: Fru): Uint8Array {
  const boardArea = board ? areaBytes((w) => writeBoard(w, board)) : new Uint8Array(0);
  const productArea = product ? areaBytes((w) => writeProduct(w, product)) : new Uint8Array(0);
  const header = [FORMAT, 0, 0, board ? 1 : 0, product ? 1 + boardArea.length / 8 : 0, 0, 0];
  return new ByteWriter()
    .raw(Uint8Array.from([...header, checksum(header)]))
    .raw(boardArea)
    .raw(productArea)
    .bytes();
}

function writeBoard(w: ByteWriter, board: FruBoard): void {
  w.u24le(board.manufacturedAt);
  for (const text of [board.maker, board.name, board.serial, board.part, '']) writeFruText(w, text);
}

function writeProduct(w: ByteWriter, product: FruProduct): void {
  const { maker, name, part, version, serial, assetTag } = product;
  for (const text of [maker, name, part, version, serial, assetTag, '']) writeFruText(w, text);
}

function areaBytes(write: (w: ByteWriter) => void): Uint8Array {
  const w = new ByteWriter();
  write(w);
  const fields = w.u8(NO_MORE_FIELDS).bytes();
  const length = Math.ceil((3 + fields.length + 1) / 8) * 8;
  const body = new Uint8Array(length);
  body.set([FORMAT, length / 8, ENGLISH]);
  body.set(fields, 3);
  body[length - 1] = checksum(body);
  return body;
}
