// An image's manifest, as the install agent reads it (docs/agent-protocol.md): lines of words, text ⇄ value.

export type ImageChunk =
  | { kind: 'chunk'; frameSha256: string; frameBytes: number; rawSha256: string }
  /** Nothing to fetch: the agent writes zeros. */
  | { kind: 'zero' };

export type ImageManifest = {
  /** Bytes of the raw image; like `chunkSize` a multiple of a mebibyte, because the agent writes in those. */
  size: number;
  chunkSize: number;
  /** In order; all raw chunks are `chunkSize` long but the last. */
  chunks: ImageChunk[];
};

export type ParsedManifest = { ok: true; value: ImageManifest } | { ok: false; why: string };

const MIB = 1024 * 1024;
const MAX_CHUNKS = 65_536;
const FIRST_LINE = 'rackwright-image 1';
const SHA256 = /^[0-9a-f]{64}$/;

/** Equal values make equal bytes: the digest is over these. */
export function printImageManifest({ size, chunkSize, chunks }: ImageManifest): string {
  const lines = chunks.map((chunk, n) =>
    chunk.kind === 'zero' ? `zero ${n}` : `chunk ${n} ${chunk.frameSha256} ${chunk.frameBytes} ${chunk.rawSha256}`,
  );
  return `${[FIRST_LINE, `size ${size}`, `chunk_size ${chunkSize}`, ...lines].join('\n')}\n`;
}

/** Takes only what `printImageManifest` could have written, comments (`# …`) and empty lines aside. */
export function parseImageManifest(text: string): ParsedManifest {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
  if (lines[0] !== FIRST_LINE) return refuse(`does not begin with "${FIRST_LINE}"`);
  const size = lengthAfter('size', lines[1]);
  const chunkSize = lengthAfter('chunk_size', lines[2]);
  if (size === undefined || chunkSize === undefined) return refuse('size and chunk_size must be whole mebibytes');
  const expected = Math.ceil(size / chunkSize);
  if (expected > MAX_CHUNKS) return refuse(`more than ${MAX_CHUNKS} chunks`);
  if (lines.length !== 3 + expected) return refuse(`${lines.length - 3} chunks where the size needs ${expected}`);

  const chunks: ImageChunk[] = [];
  for (const [n, line] of lines.slice(3).entries()) {
    const chunk = parseChunk(n, line);
    if (!chunk) return refuse(`line of chunk ${n} cannot be read`);
    chunks.push(chunk);
  }
  return { ok: true, value: { size, chunkSize, chunks } };
}

function parseChunk(n: number, line: string): ImageChunk | undefined {
  const [kind, number, frameSha256 = '', frameBytes = '', rawSha256 = '', ...more] = line.split(' ');
  if (number !== String(n) || more.length > 0) return undefined;
  if (kind === 'zero') return frameSha256 === '' ? { kind } : undefined;
  if (kind !== 'chunk' || !SHA256.test(frameSha256) || !SHA256.test(rawSha256) || !/^[1-9]\d{0,12}$/.test(frameBytes))
    return undefined;
  return { kind, frameSha256, frameBytes: Number(frameBytes), rawSha256 };
}

function lengthAfter(word: string, line: string | undefined): number | undefined {
  const [key, number = '', ...more] = (line ?? '').split(' ');
  if (key !== word || more.length > 0 || !/^[1-9]\d{0,14}$/.test(number)) return undefined;
  return Number(number) % MIB === 0 ? Number(number) : undefined;
}

function refuse(why: string): ParsedManifest {
  return { ok: false, why };
}
