// One pool of connections for everything: SQL where it must be exact or fast, Prisma where it only reads.
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { asFault, sqlState, STALE_PLAN } from './connection-faults.ts';
import { PrismaClient } from './generated/client.ts';
import { type StatementNames, statementNames } from './statement-names.ts';

/** Anything that runs SQL: the database itself, or a transaction. */
export type Sql = {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
};

export type Database = Sql & {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  /** The same on every connection. */
  readonly nameOf: StatementNames;
  /** Waits for running statements. */
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** 10 unless told. */
  maxConnections?: number;
  /** Hears of idle connections that broke; the pool replaces them by itself. */
  onConnectionLost?: (error: Error) => void;
};

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** Fault `database_unreachable` when nothing answers there. */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'rackwright',
    types: { getTypeParser: typeParser },
  });
  pool.on('error', (error) => options.onConnectionLost?.(error));
  // The pool listens while a connection is idle, and whoever uses it from the moment it hears of it: a word of Postgres's end that comes
  // between the two, in one packet with what made it free, would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });

  const nameOf = statementNames();
  const database: Database = {
    url,
    pool,
    prisma,
    nameOf,
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      try {
        return (await pool.query<Row>(statement(nameOf(text), text, values))).rows;
      } catch (error) {
        if (sqlState(error) === STALE_PLAN) return (await pool.query<Row>(text, [...values])).rows;
        throw asFault(error, 'query the database');
      }
    },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
  try {
    await database.query('select 1');
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

export function statement(name: string | undefined, text: string, values: readonly unknown[]): pg.QueryConfig<unknown[]> {
  return { text, values: [...values], ...(name === undefined ? {} : { name }) };
}

/** Our bigints are counters far below 2^53, our times go out as text: nobody wants a string of digits or a Date. */
function typeParser(oid: number, format?: 'text' | 'binary') {
  if (format !== 'binary' && oid === INT8) return Number;
  if (format !== 'binary' && oid === TIMESTAMPTZ) return (text: string) => new Date(text).toISOString();
  return pg.types.getTypeParser(oid, format);
}
