// Loaded into Rackwright by --import: counts what it asks of Postgres, by statement, and writes the counts when asked by SIGUSR2.
import { writeFileSync } from 'node:fs';
import pg from 'pg';

const file = process.env['RACKWRIGHT_STATEMENTS_FILE'];
const counts = new Map<string, number>();
const MOST_KINDS = 1_000;

if (file !== undefined) {
  // Pools, Prisma's adapter and BullMQ all end here.
  const client = pg.Client.prototype as unknown as { query(...args: unknown[]): unknown };
  const { query } = client;
  client.query = function counted(this: unknown, ...args: unknown[]): unknown {
    const kind = textOf(args[0]).replaceAll(/\s+/g, ' ').trim().slice(0, 120);
    if (counts.has(kind) || counts.size < MOST_KINDS) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return query.apply(this, args);
  };
  process.on('SIGUSR2', () => writeFileSync(file, JSON.stringify([...counts])));
}

function textOf(asked: unknown): string {
  if (typeof asked === 'string') return asked;
  return typeof asked === 'object' && asked !== null && 'text' in asked ? String(asked.text) : 'other';
}
