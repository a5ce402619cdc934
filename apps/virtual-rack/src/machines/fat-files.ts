// Reads the files in the root folder of a FAT12/16 image: cloud-init's seed as the kernel would see it. Microsoft's FAT specification, 1.03.

const ENTRY = 32;
const LONG_NAME = 0x0f;
const VOLUME = 0x08;
const FOLDER = 0x10;
/** Where a long name's thirteen UTF-16 letters lie in its entry. */
const LETTERS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

export type FatVolume = { label: string; files: Map<string, Uint8Array> };

/** Undefined for what is no FAT12 or FAT16 file system, or a broken one. The start of an image does, if its files lie there. */
export function readFat(image: Uint8Array): FatVolume | undefined {
  const layout = layoutOf(image);
  if (!layout) return undefined;
  const volume: FatVolume = { label: '', files: new Map() };
  let longName = '';
  for (let at = layout.root; at < layout.root + layout.rootBytes; at += ENTRY) {
    const first = image[at] ?? 0;
    if (first === 0) break;
    if (first === 0xe5) continue;
    const attributes = image[at + 11] ?? 0;
    if (attributes === LONG_NAME) {
      longName = lettersAt(image, at) + longName;
      continue;
    }
    const name = longName || shortName(image, at);
    longName = '';
    if (attributes & VOLUME) volume.label = ascii(image, at, 11).trimEnd();
    else if (!(attributes & FOLDER)) {
      const content = readChain(image, layout, u16(image, at + 26), u32(image, at + 28));
      if (!content) return undefined;
      volume.files.set(name, content);
    }
  }
  return volume;
}

type Layout = {
  fat: number;
  bits: 12 | 16;
  root: number;
  rootBytes: number;
  clusters: number;
  clusterBytes: number;
  count: number;
};

function layoutOf(image: Uint8Array): Layout | undefined {
  const sector = u16(image, 11);
  const clusterBytes = sector * (image[13] ?? 0);
  if (image[510] !== 0x55 || image[511] !== 0xaa || sector < 512 || clusterBytes === 0) return undefined;
  const fat = u16(image, 14) * sector;
  const root = fat + (image[16] ?? 0) * u16(image, 22) * sector;
  const rootBytes = u16(image, 17) * ENTRY;
  const clusters = root + rootBytes;
  const total = (u16(image, 19) || u32(image, 32)) * sector;
  if (clusters >= total || clusters > image.length) return undefined;
  const count = Math.floor((total - clusters) / clusterBytes);
  // The number of clusters alone says which FAT it is.
  return { fat, bits: count < 4085 ? 12 : 16, root, rootBytes, clusters, clusterBytes, count };
}

function readChain(image: Uint8Array, layout: Layout, first: number, size: number): Uint8Array | undefined {
  const content = new Uint8Array(size);
  let cluster = first;
  for (let at = 0; at < size; at += layout.clusterBytes) {
    if (cluster < 2 || cluster >= layout.count + 2) return undefined;
    const from = layout.clusters + (cluster - 2) * layout.clusterBytes;
    const piece = image.subarray(from, from + Math.min(layout.clusterBytes, size - at));
    if (piece.length < Math.min(layout.clusterBytes, size - at)) return undefined;
    content.set(piece, at);
    cluster = nextCluster(image, layout, cluster);
  }
  return content;
}

function nextCluster(image: Uint8Array, { fat, bits }: Layout, cluster: number): number {
  if (bits === 16) return u16(image, fat + cluster * 2);
  const pair = u16(image, fat + Math.floor((cluster * 3) / 2));
  return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
}

function lettersAt(image: Uint8Array, entry: number): string {
  const codes = LETTERS.map((offset) => u16(image, entry + offset));
  const end = codes.findIndex((code) => code === 0 || code === 0xffff);
  return String.fromCharCode(...(end < 0 ? codes : codes.slice(0, end)));
}

function shortName(image: Uint8Array, entry: number): string {
  const extension = ascii(image, entry + 8, 3).trimEnd();
  const name = ascii(image, entry, 8).trimEnd() + (extension === '' ? '' : `.${extension}`);
  return name.toLowerCase();
}

function ascii(image: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...image.subarray(at, at + length));
}

function u16(image: Uint8Array, at: number): number {
  return (image[at] ?? 0) | ((image[at + 1] ?? 0) << 8);
}

function u32(image: Uint8Array, at: number): number {
  return (u16(image, at) | (u16(image, at + 2) << 16)) >>> 0;
}
