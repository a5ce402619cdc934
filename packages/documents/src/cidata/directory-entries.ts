// Directory entries of FAT: the 8.3 name that every reader knows, and the long name in entries before it (FAT specification, 6 and 7).

const ATTRIBUTE_ARCHIVE = 0x20;
const ATTRIBUTE_LONG_NAME = 0x0f;
const LAST_LONG_ENTRY = 0x40;
const CHARACTERS_PER_ENTRY = 13;
// where the 13 characters of a long-name entry stand, two bytes each
const CHARACTER_OFFSETS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
const FIRST_OF_JANUARY_1980 = 0x0021;

//  | name 8+3 | attributes | … | date | first cluster | size |
//    0          11               24     26              28
export function shortEntry(alias: string, firstCluster: number, size: number): Uint8Array {
  const entry = new Uint8Array(32);
  const view = new DataView(entry.buffer);
  for (let i = 0; i < 11; i++) entry[i] = alias.charCodeAt(i);
  entry[11] = ATTRIBUTE_ARCHIVE;
  for (const date of [16, 18, 24]) view.setUint16(date, FIRST_OF_JANUARY_1980, true);
  view.setUint16(26, firstCluster, true);
  view.setUint32(28, size, true);
  return entry;
}

/** The name in pieces of 13 characters, the last piece first, each bound to the short name by its checksum. */
export function longNameEntries(name: string, alias: string): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let n = 0; n * CHARACTERS_PER_ENTRY < name.length; n++) {
    const entry = new Uint8Array(32);
    const view = new DataView(entry.buffer);
    const last = (n + 1) * CHARACTERS_PER_ENTRY >= name.length;
    entry[0] = (n + 1) | (last ? LAST_LONG_ENTRY : 0);
    entry[11] = ATTRIBUTE_LONG_NAME;
    entry[13] = checksum(alias);
    for (const [i, offset] of CHARACTER_OFFSETS.entries()) {
      const at = n * CHARACTERS_PER_ENTRY + i;
      // one zero ends the name, all ones fill up
      view.setUint16(offset, at < name.length ? name.charCodeAt(at) : at === name.length ? 0 : 0xffff, true);
    }
    entries.unshift(entry);
  }
  return entries;
}

/** FAT specification 7.2: rotate right, add. */
function checksum(alias: string): number {
  let sum = 0;
  for (let i = 0; i < 11; i++) sum = (((sum & 1) << 7) + (sum >> 1) + alias.charCodeAt(i)) & 0xff;
  return sum;
}

/** An 8.3 alias for each name, 11 characters without the dot: all get a number, so that none can be another's. */
export function shortNames(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name, n) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are not allowed
    if (!/^[\x20-\x7e]{1,255}$/.test(name) || /["*/:<>?\\|]/.test(name) || /^[ .]|[ .]$/.test(name))
      throw new RangeError(`no FAT file name: ${name}`);
    if (seen.has(name.toUpperCase())) throw new RangeError(`two files named ${name}`);
    seen.add(name.toUpperCase());
    const tail = `~${n + 1}`;
    const stem = name
      .toUpperCase()
      .replace(/[^A-Z0-9-]/g, '')
      .slice(0, 8 - tail.length);
    return `${stem}${tail}`.padEnd(11);
  });
}
