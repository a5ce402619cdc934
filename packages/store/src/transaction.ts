// All or nothing: what is written together, and the events that tell of it.
import type pg from 'pg';
import { asFault, sqlState, STALE_PLAN } from './connection-faults.ts';
import { type Database, type Sql, statement } from './database.ts';
import type { StatementNames } from './statement-names.ts';
import { appendAndCommit, type NewEvent } from './events.ts';

export type Transaction = Sql & {
  /** Kept until the end and numbered then, so that the lock on the numbers is short. */
  emit(event: NewEvent): void;
  /** What fails inside is undone alone, so that the transaction can go on and say why. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
};

const MOST_ATTEMPTS = 5;
// Serialization failure and deadlock: Postgres asks for another try.
const TRY_AGAIN = new Set(['40001', '40P01', STALE_PLAN]);

/** The whole transaction is run again: nobody within may take it for an answer. */
export const asksForAnotherTry = (error: unknown): boolean => TRY_AGAIN.has(sqlState(error) ?? '');

/**
 * Runs `work` in one transaction. `work` may run more than once and must do nothing but SQL.
 * Fault `database_unreachable` (effect maybe: a lost answer to COMMIT tells nothing).
 */
export async function inTransaction<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptTransaction(database, work);
    } catch (error) {
      if (attempt < MOST_ATTEMPTS && asksForAnotherTry(error)) continue;
      throw asFault(error, 'write to the database');
    }
  }
}

async function attemptTransaction<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await database.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const { tx, events } = makeTransaction(client, database.nameOf);
    const result = await work(tx);
    await client.query(appendAndCommit(events, (text) => client.escapeLiteral(text)));
    return result;
  } catch (error) {
    await client.query('rollback').catch(onError);
    // Its prepared statements are of no use any more.
    if (sqlState(error) === STALE_PLAN) broken = error as Error;
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function makeTransaction(client: pg.PoolClient, nameOf: StatementNames): { tx: Transaction; events: NewEvent[] } {
  const events: NewEvent[] = [];
  let depth = 0;
  const tx: Transaction = {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(statement(nameOf(text), text, values))).rows,
    emit: (event) => void events.push(event),
    async savepoint(work) {
      const name = `savepoint_${++depth}`;
      const eventsBefore = events.length;
      await client.query(`savepoint ${name}`);
      try {
        const result = await work();
        await client.query(`release savepoint ${name}`);
        return result;
      } catch (error) {
        await client.query(`rollback to savepoint ${name}`);
        events.length = eventsBefore;
        throw error;
      }
    },
  };
  return { tx, events };
}
