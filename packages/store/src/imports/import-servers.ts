// A file of servers laid over what is on file: planned as a whole, then written as a whole or not at all.
import type { CellError, ServerRow } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { refusing } from '../inventory/constraint-refusals.ts';
import type { Work } from '../inventory/work.ts';
import { newId } from '../new-id.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { serverRefusals } from '../servers/server-refusals.ts';
import type { Transaction } from '../transaction.ts';
import { withoutConflicts } from './find-conflicts.ts';
import { COLUMN_OF, planRow, type PlannedRow } from './plan-row.ts';
import { readOnFile } from './read-on-file.ts';
import { writeChanges } from './write-changes.ts';

export type ImportedServer = { row: number; id: ServerId | null; name: string; serial: string };
export type ServerImport = {
  /** False when it was only planned, or refused. */
  applied: boolean;
  /** Their ids are null while they are only planned. */
  created: ImportedServer[];
  updated: (ImportedServer & { changed: string[] })[];
  unchanged: ImportedServer[];
  /** In the order of the rows. */
  errors: CellError[];
};
/** `plan` writes nothing. `all_or_nothing` writes when no row is wrong. `good_rows` leaves out the wrong ones. */
export type ImportMode = 'plan' | 'all_or_nothing' | 'good_rows';

/**
 * May be repeated: rows are known by their serial, and a row that says what is on file changes nothing.
 * @param earlier  what was wrong with the rows of the file that are not in `rows`
 */
export function importServers(
  work: Work,
  keyring: Keyring,
  rows: readonly ServerRow[],
  earlier: readonly CellError[],
  mode: ImportMode,
): Promise<ServerImport> {
  return refusing(serverRefusals(work.read), () =>
    work.write(async (tx) => {
      const onFile = await readOnFile(tx, keyring, rows);
      const errors = [...earlier];
      const planned = rows.flatMap((row) => planRow(row, onFile, errors) ?? []);
      const good = await withoutConflicts(tx, planned, onFile, errors);
      errors.sort((a, b) => a.row - b.row);
      const applied = mode === 'good_rows' || (mode === 'all_or_nothing' && errors.length === 0);
      const ids = applied ? await write(tx, keyring, good) : new Map<PlannedRow, ServerId>();
      return { applied, ...sortOut(good, ids), errors };
    }),
  );
}

const differs = ({ before, changed }: PlannedRow): boolean => before !== undefined && changed.length > 0;

async function write(tx: Transaction, keyring: Keyring, good: readonly PlannedRow[]): Promise<Map<PlannedRow, ServerId>> {
  const ids = new Map(good.filter(({ before }) => !before).map((plan) => [plan, newId('server')]));
  await writeChanges(
    tx,
    keyring,
    good.filter(differs).flatMap(({ before, after, changed }) => (before ? [{ ...after, id: before.id, changed }] : [])),
    [...ids].map(([{ after }, id]) => ({ ...after, id })),
  );
  return ids;
}

function sortOut(
  good: readonly PlannedRow[],
  ids: Map<PlannedRow, ServerId>,
): Pick<ServerImport, 'created' | 'updated' | 'unchanged'> {
  const told = (plan: PlannedRow): ImportedServer => ({
    row: plan.row.row,
    id: plan.before?.id ?? ids.get(plan) ?? null,
    name: plan.after.name,
    serial: plan.row.serial,
  });
  return {
    created: good.filter(({ before }) => !before).map(told),
    updated: good.filter(differs).map((plan) => ({ ...told(plan), changed: plan.changed.map((member) => COLUMN_OF[member]) })),
    unchanged: good.filter((plan) => plan.before && plan.changed.length === 0).map(told),
  };
}
