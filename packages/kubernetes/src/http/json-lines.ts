// Cuts a stream of bytes into JSON values, one a line, holding at most one line in memory.

/** etcd refuses objects above 1.5 MB; the envelope of a watch event adds little. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** Throws Error when a line is longer than it may be or is not JSON. The consumer's pace is the stream's pace. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>, maxLineBytes = MAX_LINE_BYTES): AsyncGenerator<unknown> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = joined([...held, chunk.subarray(from, end)]);
      held = [];
      heldBytes = 0;
      from = end + 1;
      if (line.trim() !== '') yield JSON.parse(line);
    }
    if (from === chunk.length) continue;
    held.push(chunk.subarray(from));
    heldBytes += chunk.length - from;
    if (heldBytes > maxLineBytes) throw new Error(`a line is longer than ${maxLineBytes} bytes`);
  }
}

function joined(parts: Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8');
}
