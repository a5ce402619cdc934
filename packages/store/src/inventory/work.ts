// Where a repository reads and writes: on its own, or as a part of somebody's transaction.
import type { Database, Sql } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export type Work = { read: Sql; write<T>(deed: (tx: Transaction) => Promise<T>): Promise<T> };

export function ownTransactions(database: Database): Work {
  return { read: database, write: (deed) => inTransaction(database, deed) };
}

/** A deed that fails leaves no trace, but the transaction can go on. */
export function partOf(tx: Transaction): Work {
  return { read: tx, write: (deed) => tx.savepoint(() => deed(tx)) };
}

/** `after` is what an earlier page gave as `next`. */
export type PageRequest = { limit: number; after: string | null };
export type Page<T> = { items: T[]; next: string | null };

/** @param rows  one more than the page holds, when there are more */
export function pageOf<T>(rows: T[], limit: number, keyOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}

export type Stamps = { version: number; createdAt: string; updatedAt: string };

/** Ready to stand behind `select`, with the alias of the table before it. */
export const stamps = (alias: string): string =>
  `${alias}.version, ${alias}.created_at as "createdAt", ${alias}.updated_at as "updatedAt"`;
