// A small FAT16 file system in memory: the disk image that carries a server's cloud-init seed. Microsoft FAT specification, 2005.
import { longNameEntries, shortEntry, shortNames } from './directory-entries.ts';

export type SeedFile = { name: string; content: string | Uint8Array };

//  | boot sector | FAT | FAT again | root directory | clusters 2, 3, … |
//       1          FAT_SECTORS each    ROOT_SECTORS       1 sector each
const SECTOR = 512;
const TOTAL_SECTORS = 8192; // 4 MiB, the size of the seed partition
const FAT_SECTORS = 32; // 2 bytes per cluster: 8192 of them fit
const ROOT_ENTRIES = 512;
const ROOT_SECTORS = (ROOT_ENTRIES * 32) / SECTOR;
const FIRST_FAT = 1;
const FIRST_ROOT = FIRST_FAT + 2 * FAT_SECTORS;
const FIRST_DATA = FIRST_ROOT + ROOT_SECTORS;
const CLUSTERS = TOTAL_SECTORS - FIRST_DATA; // 8095: between 4085 and 65524 a file system is FAT16 (specification, 3.5)
const FIRST_CLUSTER = 2;
const END_OF_FILE = 0xffff;
const FIXED_DISK = 0xf8;

export const FAT_IMAGE_BYTES = TOTAL_SECTORS * SECTOR;
/** What all files together may hold, each rounded up to 512 bytes. */
export const FAT_IMAGE_ROOM = CLUSTERS * SECTOR;

/**
 * 4 MiB of FAT16 with these files in its root, all dated 1980: equal files make equal bytes.
 * `label`: 1 to 11 of A-Z, 0-9, `-`, `_`; cloud-init looks for CIDATA. File names: 1 to 255 printable ASCII characters without
 * quotes, stars, slashes, colons, angle brackets, question marks and bars.
 * RangeError for a label, a name or a size that does not fit, or a name given twice (case does not tell names apart).
 */
export function fatImage(label: string, files: readonly SeedFile[]): Uint8Array {
  if (!/^[A-Z0-9_-]{1,11}$/.test(label)) throw new RangeError(`no FAT label: ${label}`);
  const contents = files.map(({ content }) => (typeof content === 'string' ? new TextEncoder().encode(content) : content));
  const image = new Uint8Array(FAT_IMAGE_BYTES);
  const view = new DataView(image.buffer);
  writeBootSector(image, view, label, serialOf(contents));

  const entries = [volumeLabel(label)];
  const aliases = shortNames(files.map(({ name }) => name));
  const chain: number[] = [0xff00 | FIXED_DISK, END_OF_FILE];
  for (const [n, content] of contents.entries()) {
    const firstCluster = content.length === 0 ? 0 : chain.length;
    const clusters = Math.ceil(content.length / SECTOR);
    if (chain.length + clusters > CLUSTERS + FIRST_CLUSTER) throw new RangeError(`the files exceed ${FAT_IMAGE_ROOM} bytes`);
    image.set(content, (FIRST_DATA + chain.length - FIRST_CLUSTER) * SECTOR);
    for (let i = 1; i < clusters; i++) chain.push(chain.length + 1);
    if (clusters > 0) chain.push(END_OF_FILE);
    const alias = aliases[n] ?? '';
    entries.push(...longNameEntries(files[n]?.name ?? '', alias), shortEntry(alias, firstCluster, content.length));
  }

  if (entries.length > ROOT_ENTRIES) throw new RangeError(`the names fill more than ${ROOT_ENTRIES} entries`);
  for (const [n, entry] of entries.entries()) image.set(entry, FIRST_ROOT * SECTOR + n * 32);
  for (const first of [FIRST_FAT, FIRST_FAT + FAT_SECTORS]) {
    for (const [cluster, next] of chain.entries()) view.setUint16(first * SECTOR + cluster * 2, next, true);
  }
  return image;
}

/** BIOS parameter block, specification 3.1 and 3.2; offsets in bytes. */
function writeBootSector(image: Uint8Array, view: DataView, label: string, serial: number): void {
  image.set([0xeb, 0x3c, 0x90]); // a jump, as every reader expects, to code that is not there: nobody boots a seed
  putText(image, 3, 'MSWIN4.1'); // the name that the specification recommends for compatibility
  view.setUint16(11, SECTOR, true);
  image[13] = 1; // sectors per cluster
  view.setUint16(14, FIRST_FAT, true); // reserved sectors: the boot sector
  image[16] = 2; // FATs
  view.setUint16(17, ROOT_ENTRIES, true);
  view.setUint16(19, TOTAL_SECTORS, true);
  image[21] = FIXED_DISK;
  view.setUint16(22, FAT_SECTORS, true);
  view.setUint16(24, 32, true); // sectors per track and heads: a geometry that nobody uses
  view.setUint16(26, 2, true);
  image[36] = 0x80; // drive number
  image[38] = 0x29; // the three fields below are there
  view.setUint32(39, serial, true);
  putText(image, 43, label.padEnd(11));
  putText(image, 54, 'FAT16   ');
  view.setUint16(510, 0xaa55, true);
}

function volumeLabel(label: string): Uint8Array {
  const entry = shortEntry(label.padEnd(11), 0, 0);
  entry[11] = 0x08;
  return entry;
}

/** A volume number from the contents (FNV-1a): other seeds have another, and no clock is asked. */
function serialOf(contents: readonly Uint8Array[]): number {
  let sum = 0x811c9dc5;
  for (const content of contents) for (const byte of content) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

function putText(image: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) image[at + i] = text.charCodeAt(i);
}
