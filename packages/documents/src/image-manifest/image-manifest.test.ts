// The manifest's text is what a shell script reads and a digest is taken of: every byte counts.
import { expect, test } from 'vitest';
import { parseImageManifest, printImageManifest, type ImageManifest } from './image-manifest.ts';

const FRAME = 'a'.repeat(64);
const RAW = 'b'.repeat(64);
const manifest: ImageManifest = {
  size: 160 * 1024 * 1024,
  chunkSize: 64 * 1024 * 1024,
  chunks: [{ kind: 'chunk', frameSha256: FRAME, frameBytes: 1234, rawSha256: RAW }, { kind: 'zero' }, { kind: 'zero' }],
};
const text = `rackwright-image 1
size 167772160
chunk_size 67108864
chunk 0 ${FRAME} 1234 ${RAW}
zero 1
zero 2
`;

test('prints to these very bytes', () => expect(printImageManifest(manifest)).toBe(text));
test('parses back', () => expect(parseImageManifest(text)).toEqual({ ok: true, value: manifest }));
test('comments are for people', () =>
  expect(parseImageManifest(text.replace('zero 1', 'zero 1   # nothing to fetch'))).toEqual({ ok: true, value: manifest }));

test.each([
  ['another version', text.replace('image 1', 'image 2')],
  ['a size that is no whole mebibyte', text.replace('167772160', '167772161')],
  ['a missing chunk', text.replace('zero 2\n', '')],
  ['a chunk too many', `${text}zero 3\n`],
  ['chunks out of order', text.replace('zero 1\nzero 2', 'zero 2\nzero 1')],
  ['a short checksum', text.replace(FRAME, FRAME.slice(1))],
  ['a checksum in capitals', text.replace(FRAME, FRAME.toUpperCase())],
  ['a frame of no bytes', text.replace('1234', '0')],
  ['words after the last', text.replace(RAW, `${RAW} more`)],
  ['no chunk size', text.replace('chunk_size 67108864', 'chunk_size 0')],
  ['more chunks than anybody has', text.replace('167772160', '999999999995904')],
  ['nothing', ''],
])('%s is refused', (_, broken) => expect(parseImageManifest(broken).ok).toBe(false));
