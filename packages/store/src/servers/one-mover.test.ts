// A server's state is written in one place, so that no change of it goes past the table, the timeline and the outbox.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = new URL('..', import.meta.url).pathname;

function sources(): { path: string; text: string }[] {
  const names = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('generated'))
    .map((name) => ({ path: name, text: readFileSync(join(SOURCE, name), 'utf8') }));
}

const having = (pattern: RegExp) =>
  sources()
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path);

test('only move-server.ts writes a state', () => {
  expect(having(/update\s+servers\s+set\s[^`;]*\bstate\s*=/)).toEqual(['servers/move-server.ts']);
});

test('Prisma only reads: what it wrote would have no event', () => {
  expect(having(/prisma\.\w+\.(create|update|upsert|delete)/)).toEqual([]);
  expect(having(/\.\$(transaction|executeRaw)/)).toEqual([]);
});
