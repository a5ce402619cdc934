// Create, get, list, change and delete for the simple things of the inventory: one table each, a version, a few columns.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Id } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import type { NewEvent } from '../events.ts';
import { type Expected, refuseOtherVersion } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';
import { refusing, refusingWhileInUse, type SayRefusal } from './constraint-refusals.ts';
import { type Page, type PageRequest, pageOf, type Stamps, type Work } from './work.ts';

export type TableKind =
  | 'site'
  | 'rack'
  | 'enclosure'
  | 'network'
  | 'image'
  | 'cluster'
  | 'webhook'
  | 'hardware_model'
  | 'schedule';

export type Table<New extends object> = {
  kind: TableKind;
  table: string;
  /** Up to `from <table> t` and its joins; gives the record's members by their names. */
  select: string;
  /** Member of the input → its column, with a cast where Postgres cannot guess. */
  columns: Partial<Record<keyof New, string>>;
  /** Column values that no member holds as it is: sealed secrets. */
  derive?: (id: string, input: Partial<New>) => Record<string, unknown>;
  meanings: (input: Partial<New>, id: string) => Record<string, SayRefusal>;
  /** What hangs on the row and is written with it. Members that are undefined stay as they are. */
  writeParts?: (tx: Transaction, id: string, input: Partial<New>) => Promise<void>;
};

export type Collection<I extends string, R, New> = {
  create(id: I, input: New): Promise<R>;
  /** Refusal `not_found`. */
  get(id: I): Promise<R>;
  /** Undefined members are left as they are; null clears. Refusals `not_found`, `precondition_failed` {current}. */
  update(id: I, expected: Expected, change: Partial<New>): Promise<R>;
  /** Refusal `still_in_use` while something depends on it. */
  delete(id: I, expected: Expected): Promise<void>;
};

export function tableCollection<K extends TableKind, R extends Stamps, New extends object>(
  work: Work,
  table: Table<New> & { kind: K },
): Collection<Id<K>, R, New> {
  const { kind, select } = table;
  const read = async (sql: Sql, id: string): Promise<R> => {
    const [row] = await sql.query<R>(`${select} where t.id = $1`, [id]);
    if (!row) throw new Refusal('not_found', { kind, id });
    return row;
  };
  const tell = (tx: Transaction, what: 'created' | 'updated' | 'deleted', id: string, version: number) =>
    tx.emit({ kind: `${kind}.${what}`, subject: { kind, id }, version } satisfies NewEvent);

  return {
    get: (id) => read(work.read, id),

    create: (id, input) =>
      refusing(table.meanings(input, id), () =>
        work.write(async (tx) => {
          const values = columnsOf(table, id, input);
          const names = Object.keys(values);
          await tx.query(
            `insert into ${table.table} (id${names.map((name) => `, ${columnName(name)}`).join('')})
             values ($1${names.map((name, i) => `, $${i + 2}${castOf(name)}`).join('')})`,
            [id, ...Object.values(values)],
          );
          await table.writeParts?.(tx, id, input);
          tell(tx, 'created', id, 1);
          return read(tx, id);
        }),
      ),

    update: (id, expected, change) =>
      refusing(table.meanings(change, id), () =>
        work.write(async (tx) => {
          await lockVersion(tx, table, id, expected);
          const values = columnsOf(table, id, change);
          const sets = Object.keys(values).map((name, i) => `, ${columnName(name)} = $${i + 2}${castOf(name)}`);
          await tx.query(
            `update ${table.table} set version = version + 1, updated_at = clock_timestamp()${sets.join('')} where id = $1`,
            [id, ...Object.values(values)],
          );
          await table.writeParts?.(tx, id, change);
          const changed = await read(tx, id);
          tell(tx, 'updated', id, changed.version);
          return changed;
        }),
      ),

    delete: (id, expected) =>
      refusingWhileInUse(kind, () =>
        work.write(async (tx) => {
          const version = await lockVersion(tx, table, id, expected);
          await tx.query(`delete from ${table.table} where id = $1`, [id]);
          tell(tx, 'deleted', id, version);
        }),
      ),
  };
}

/** Oldest first. @param where  conditions on alias t, parameters from $3 on */
export async function listTable<R extends { id: string }>(
  sql: Sql,
  table: Pick<Table<object>, 'select'>,
  { limit, after }: PageRequest,
  where: Record<string, unknown>,
): Promise<Page<R>> {
  const wanted = Object.entries(where).filter(([, value]) => value !== undefined);
  const conditions = wanted.map(([column], i) => ` and t.${column} = $${i + 3}`).join('');
  const rows = await sql.query<R>(`${table.select} where t.id > $1${conditions} order by t.id limit $2`, [
    after ?? '',
    limit + 1,
    ...wanted.map(([, value]) => value),
  ]);
  return pageOf(rows, limit, (row) => row.id);
}

async function lockVersion<New extends object>(
  tx: Transaction,
  table: Table<New>,
  id: string,
  expected: Expected,
): Promise<number> {
  const [row] = await tx.query<{ version: number }>(`select version from ${table.table} where id = $1 for update`, [id]);
  if (!row) throw new Refusal('not_found', { kind: table.kind, id });
  refuseOtherVersion(row.version, expected);
  return row.version;
}

/** Column (with its cast) → value, for the members that are there. */
function columnsOf<New extends object>(table: Table<New>, id: string, input: Partial<New>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [member, column] of Object.entries(table.columns) as [keyof New, string][]) {
    const value = input[member];
    if (value !== undefined) values[column] = column.endsWith('::jsonb') ? JSON.stringify(value) : value;
  }
  return { ...values, ...table.derive?.(id, input) };
}

const columnName = (column: string) => column.split('::')[0];
const castOf = (column: string) => (column.includes('::') ? `::${column.split('::')[1]}` : '');
