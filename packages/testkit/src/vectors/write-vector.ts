// A packet as the text of a vector: bytes in lines that follow the packet's own structure, each with what it is.
import { latin1 } from '@rackwright/protocols/bytes/byte-reader.ts';
import { asHex, asJson } from './vector-values.ts';

export type Line = { bytes: Uint8Array; comment: string };

const BYTES_PER_LINE = 24;

export function vectorText(vector: { what: string; from: string; lines: readonly Line[]; value: unknown }): string {
  const lines = vector.lines.flatMap(({ bytes, comment }) =>
    split(bytes).map((part, n) => (n === 0 ? `${pairs(part).padEnd(40)}  # ${comment}` : pairs(part))),
  );
  return `what   ${vector.what}\nfrom   ${vector.from}\n\n${lines.join('\n')}\n\n=> ${jsonText(asJson(vector.value))}\n`;
}

const DHCP_FIELDS: readonly (readonly [size: number, name: string])[] = [
  [4, 'op, htype, hlen, hops'],
  [4, 'xid'],
  [4, 'secs, flags'],
  [4, 'ciaddr'],
  [4, 'yiaddr'],
  [4, 'siaddr'],
  [4, 'giaddr'],
  [16, 'chaddr'],
  [64, 'sname'],
  [128, 'file'],
  [4, 'magic cookie'],
];

/** Header fields, one option a line, padding. */
export function dhcpLines(bytes: Uint8Array): Line[] {
  const lines: Line[] = [];
  let at = 0;
  const next = (size: number, comment: string) => {
    lines.push({ bytes: bytes.subarray(at, at + size), comment });
    at += size;
  };
  for (const [size, name] of DHCP_FIELDS) next(size, name);
  while (at < bytes.length && bytes[at] !== 255) {
    if (bytes[at] === 0) next(1, 'pad');
    else next(2 + (bytes[at + 1] ?? 0), `option ${bytes[at]}${printable(bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0)))}`);
  }
  next(1, 'end');
  if (at < bytes.length) next(bytes.length - at, 'padding');
  return lines;
}

/** Opcode and number, then one text a line; or the content of a block. */
export function tftpLines(bytes: Uint8Array): Line[] {
  const code = bytes[1] ?? 0;
  const lines: Line[] = [
    { bytes: bytes.subarray(0, 2), comment: ['', 'read', 'write', 'block', 'ack', 'error', 'option ack'][code] ?? 'unknown' },
  ];
  let at = 2;
  if (code >= 3 && code <= 5) {
    lines.push({ bytes: bytes.subarray(2, 4), comment: code === 5 ? 'error code' : 'block number' });
    at = 4;
  }
  if (code === 3) lines.push({ bytes: bytes.subarray(at), comment: 'content' });
  while (code !== 3 && at < bytes.length) {
    const end = bytes.indexOf(0, at) + 1 || bytes.length;
    lines.push({ bytes: bytes.subarray(at, end), comment: latin1(bytes.subarray(at, end - 1)) });
    at = end;
  }
  return lines;
}

function printable(bytes: Uint8Array): string {
  const text = latin1(bytes);
  return /^[\x20-\x7e]{4,}\0?$/.test(text) ? ` "${text.replace('\0', '')}"` : '';
}

function split(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += BYTES_PER_LINE) parts.push(bytes.subarray(at, at + BYTES_PER_LINE));
  return parts;
}

function pairs(bytes: Uint8Array): string {
  return (asHex(bytes).match(/../g) ?? []).join(' ');
}

/** One field a line and one option a line: readable in a diff. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_all, inner: string) => `[${inner.replace(/\s*\n\s*/g, ' ')}]`,
  );
}
