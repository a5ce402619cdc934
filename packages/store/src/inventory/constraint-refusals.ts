// What the database refuses, in the words of the error catalogue.
import { Refusal } from '@rackwright/domain/errors.ts';
import { brokenConstraint, sqlState } from '../connection-faults.ts';

// 23001 since PostgreSQL 18, 23503 before it.
const STILL_REFERRED_TO = new Set(['23001', '23503']);
const CONSTRAINTS = new Set(['23503', '23505', '23514', '23P01', '23502']);

/** Says what a broken constraint means; may look it up, for the transaction was put back before it is asked. */
export type SayRefusal = (values: string[]) => Refusal | Promise<Refusal>;

/**
 * Runs `write`; a constraint that it breaks becomes the refusal that `meanings` names, or `conflicting_value`.
 * `write` must put its transaction back when it fails (a savepoint, or a transaction of its own).
 */
export async function refusing<T>(meanings: Record<string, SayRefusal>, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = brokenConstraint(error);
    if (constraint === undefined || !CONSTRAINTS.has(sqlState(error) ?? '')) throw error;
    const say = meanings[constraint];
    throw say ? await say(keyValues(error)) : new Refusal('conflicting_value', { constraint });
  }
}

/** Whatever still refers to the row keeps it. */
export async function refusingWhileInUse<T>(kind: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!STILL_REFERRED_TO.has(sqlState(error) ?? '')) throw error;
    throw new Refusal('still_in_use', { kind, dependents: (error as { table?: string }).table ?? 'dependents' });
  }
}

/** From "Key (site_id, name)=(site_1, A) already exists": the values, which are all that Postgres tells about the row. Where it conflicts with an existing key, that one's values follow. */
function keyValues(error: unknown): string[] {
  const { detail } = error as { detail?: string };
  const found = /^Key \(.*?\)+=\((.*?)\) (?:already|conflicts|is not)/.exec(detail ?? '');
  const existing = / conflicts with existing key \(.*?\)+=\((.*)\)\.?$/.exec(detail ?? '');
  return [found, existing].flatMap((key) => key?.[1]?.split(', ') ?? []);
}
