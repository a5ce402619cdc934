// Reads the test vectors: text files that hold one packet each, with where it came from and what it means.
//
//   what   a UEFI ROM asks for its boot loader
//   from   a capture (server, firmware, tool, date), or "by hand, RFC …"
//   (blank)
//   00 01                  # bytes in hex, comments after a #
//   (blank)
//   => { "kind": "read" }  # the value in JSON, to the end of the file; bytes in it are hex text
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export type Vector = {
  name: string;
  /** One line: what the packet is. */
  what: string;
  /** Where the bytes are from. A vector without it proves nothing, so it is refused. */
  from: string;
  bytes: Uint8Array;
  /** The expected value, as JSON has it. */
  value: unknown;
};

const FOLDER = join(import.meta.dirname, '../../../protocols/vectors');
const ENDING = '.vector';

/** All vectors of a protocol's folder below `packages/protocols/vectors`, by name. Throws if there are none or one is malformed. */
export function loadVectors(protocol: string): Vector[] {
  const folder = join(FOLDER, protocol);
  const files = readdirSync(folder).filter((file) => file.endsWith(ENDING));
  if (files.length === 0) throw new Error(`no vectors in ${folder}`);
  return files.sort().map((file) => parseVector(basename(file, ENDING), readFileSync(join(folder, file), 'utf8')));
}

export function parseVector(name: string, text: string): Vector {
  const [head, json] = splitOnce(text, /^=>/m);
  if (json === undefined) throw new Error(`vector ${name}: no "=>" line with the expected value`);
  const fields = new Map<string, string>();
  const bytes: number[] = [];
  for (const line of head.split('\n')) {
    const field = /^(what|from)\s+(\S.*)$/.exec(line);
    if (field?.[1] !== undefined && field[2] !== undefined) fields.set(field[1], field[2].trim());
    else bytes.push(...parseHex(name, line));
  }
  return {
    name,
    what: required(name, fields, 'what'),
    from: required(name, fields, 'from'),
    bytes: Uint8Array.from(bytes),
    value: JSON.parse(json),
  };
}

function parseHex(name: string, line: string): number[] {
  const words = line.replace(/#.*/, '').trim().split(/\s+/);
  if (words[0] === '') return [];
  return words.flatMap((word) => {
    if (!/^([0-9a-f]{2})+$/i.test(word)) throw new Error(`vector ${name}: "${word}" is not hex bytes`);
    return (word.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  });
}

function required(name: string, fields: Map<string, string>, field: string): string {
  const value = fields.get(field);
  if (value === undefined) throw new Error(`vector ${name}: no "${field}" line`);
  return value;
}

function splitOnce(text: string, separator: RegExp): [string, string | undefined] {
  const found = separator.exec(text);
  if (!found) return [text, undefined];
  return [text.slice(0, found.index), text.slice(found.index + found[0].length)];
}
