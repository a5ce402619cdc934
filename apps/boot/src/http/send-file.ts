// A file over HTTP: whole, its head only, or one range of it (RFC 9110 section 14), streamed.
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Exchange } from './exchange.ts';
import { HttpProblem } from './exchange.ts';
import type { ServedFile } from './needs.ts';

type Span = { first: number; last: number };

/** Throws HttpProblem 404 when the file is gone, 416 for a range outside it. A client that leaves is no error. */
export async function sendFile(exchange: Exchange, file: ServedFile): Promise<void> {
  const { request, response } = exchange;
  const handle = await open(file.path).catch(() => {
    throw new HttpProblem(404, 'file_not_found');
  });
  try {
    const { size, mtimeMs } = await handle.stat();
    const etag = `"${file.sha256 ?? `${size.toString(16)}-${Math.trunc(mtimeMs).toString(16)}`}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    const span = rangeOf(request.headers.range, request.headersDistinct['if-range']?.[0], etag, size);
    if (span === 'outside') {
      response.setHeader('content-range', `bytes */${size}`);
      throw new HttpProblem(416, 'range_outside_file');
    }
    response.writeHead(span ? 206 : 200, {
      'content-type': file.contentType ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag,
      'content-length': span ? span.last - span.first + 1 : size,
      ...(span ? { 'content-range': `bytes ${span.first}-${span.last}/${size}` } : {}),
    });
    if (request.method === 'HEAD' || size === 0) {
      response.end();
      return;
    }
    // `end` is inclusive; 256 KiB a read keeps a busy rack's kernel fetches off the event loop.
    const bytes = handle.createReadStream({
      ...(span ? { start: span.first, end: span.last } : {}),
      highWaterMark: 262_144,
      autoClose: false,
    });
    await pipeline(bytes, response).catch(tolerateDeparture);
  } finally {
    await handle.close();
  }
}

/** Undefined: the whole file. Several ranges or a form we do not know count as none, which RFC 9110 section 14.2 allows. */
function rangeOf(
  header: string | undefined,
  ifRange: string | undefined,
  etag: string,
  size: number,
): Span | 'outside' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (ifRange !== undefined && ifRange !== etag) return undefined;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'outside' : { first: size - length, last: size - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (first >= size) return 'outside';
  return last < first ? undefined : { first, last };
}

/** In the middle of the file, or before its first byte. */
const DEPARTED = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_UNABLE_TO_PIPE', 'ECONNRESET', 'EPIPE']);

function tolerateDeparture(error: NodeJS.ErrnoException): void {
  if (!DEPARTED.has(error.code ?? '')) throw error;
}
