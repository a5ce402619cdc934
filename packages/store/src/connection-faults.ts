// Tells a database that cannot be reached from a statement that was refused.
import { Fault } from '@rackwright/domain/errors.ts';

type PostgresError = Error & { code?: string; constraint?: string; detail?: string };

// Errors of the socket, of Postgres shutting down or starting (57P0x), of the connection (class 08), no connection to spare (53300),
// and a lock or a statement that took too long (55P03, 57014).
const UNREACHABLE = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|57P0[1-5]|08|53300|55P03|57014)/;
const UNREACHABLE_MESSAGE = /connection terminated|timeout exceeded when trying to connect|connection timeout|is not queryable/i;

/** A statement prepared before a migration changed what it gives: it was not run, and is parsed anew without its name. */
export const STALE_PLAN = '0A000';

/** Postgres error code (SQLSTATE), when the thrown value came from Postgres. */
export function sqlState(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as PostgresError).code : undefined;
}

/** Name of the constraint that a statement broke. */
export function brokenConstraint(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as PostgresError).constraint : undefined;
}

/** What to throw on: a Fault `database_unreachable` (retry soon) or the error itself. */
export function asFault(thrown: unknown, doing: string): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const code = sqlState(thrown) ?? '';
  if (!UNREACHABLE.test(code) && !UNREACHABLE_MESSAGE.test(thrown.message)) return thrown;
  return new Fault({ code: 'database_unreachable', doing, retry: 'soon', effect: 'maybe', cause: thrown });
}
