// Lines cut anywhere by the network come out whole; a line without end does not fill the memory.
import { expect, test } from 'vitest';
import { jsonLines } from './json-lines.ts';

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}

async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

test('whole however they are cut, even inside a character', async () => {
  const bytes = new TextEncoder().encode('{"a":"ü"}\n{"b":2}\n\n{"c":3}\n');
  for (let at = 0; at <= bytes.length; at++) {
    const cut = chunks(bytes.subarray(0, at), bytes.subarray(at));
    expect(await collect(jsonLines(cut))).toEqual([{ a: 'ü' }, { b: 2 }, { c: 3 }]);
  }
});

test('a last line without its end is not given out: the connection broke inside it', async () => {
  expect(await collect(jsonLines(chunks('{"a":1}\n{"b":')))).toEqual([{ a: 1 }]);
});

test('a line beyond the limit is an error', async () => {
  await expect(collect(jsonLines(chunks('x'.repeat(60), 'x'.repeat(60)), 100))).rejects.toThrow('longer than 100 bytes');
});

test('a line that is not JSON is an error', async () => {
  await expect(collect(jsonLines(chunks('<html>\n')))).rejects.toThrow();
});
