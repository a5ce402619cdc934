// Disks that a named person took out or destroyed, because nobody can erase them any more: kept until the disk is counted again.
import type { RemovalEvidence } from '@rackwright/domain/erasure.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Sql } from '../database.ts';
import { lockServer } from '../servers/move-server.ts';
import { readServer } from '../servers/read-server.ts';
import type { Transaction } from '../transaction.ts';
import type { Work } from './work.ts';

export type RecordedRemoval = RemovalEvidence & { recordedBy: string; recordedAt: string };

const SELECT = `
  select disk_serial as serial, method, person, witness, evidence, happened_at as at, recorded_by as "recordedBy",
         recorded_at as "recordedAt" from disk_removals`;

export function postgresDiskRemovals(work: Work) {
  return {
    list: (serverId: ServerId): Promise<RecordedRemoval[]> =>
      work.read.query<RecordedRemoval>(`${SELECT} where server_id = $1 order by recorded_at, disk_serial`, [serverId]),

    /** May be repeated. Refusals `reference_not_found`, `not_allowed_in_state`, `operation_in_progress`, `disk_removal_known`. */
    record: (serverId: ServerId, removal: RemovalEvidence, by: string): Promise<RecordedRemoval> =>
      work.write((tx) => recordRemoval(tx, serverId, removal, by)),
  };
}

/** Only where hands may be in the machine, or where it stands apart because of a disk. */
const MAY_BE_OPEN: readonly ServerState[] = ['in_repair', 'quarantined', 'provisioning_failed', 'onboarding_failed'];

async function recordRemoval(tx: Transaction, id: ServerId, removal: RemovalEvidence, by: string): Promise<RecordedRemoval> {
  const { state } = await lockServer(tx, id);
  const { hardware, currentOperationId } = await readServer(tx, id);
  if (currentOperationId !== null) throw new Refusal('operation_in_progress', { operationId: currentOperationId });
  if (!MAY_BE_OPEN.includes(state)) throw new Refusal('not_allowed_in_state', { state, event: 'recording a removed disk' });
  const { serial, method, person, witness, evidence, at } = removal;
  if (!hardware?.disks.some((disk) => disk.serial === serial))
    throw new Refusal('reference_not_found', { kind: 'disk of this server', id: serial });
  const written = await tx.query(
    `insert into disk_removals (server_id, disk_serial, method, person, witness, evidence, happened_at, recorded_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (server_id, disk_serial) do nothing returning disk_serial`,
    [id, serial, method, person, witness, evidence, at, by],
  );
  const [known] = await tx.query<RecordedRemoval>(`${SELECT} where server_id = $1 and disk_serial = $2`, [id, serial]);
  if (!known) throw new Error(`the removal of ${serial} vanished`);
  if (known.person !== person || known.method !== method)
    throw new Refusal('disk_removal_known', { person: known.person, serial, method: known.method });
  if (written.length > 0)
    tx.emit({ kind: 'server.disk_removed', subject: { kind: 'server', id }, serverId: id, payload: { ...removal, by } });
  return known;
}

/** As the workflows and the rules see them. */
export async function readRemovals(sql: Sql, serverId: ServerId): Promise<RemovalEvidence[]> {
  return sql.query<RemovalEvidence>(
    `select disk_serial as serial, method, person, witness, evidence, happened_at as at from disk_removals
      where server_id = $1 order by disk_serial`,
    [serverId],
  );
}

/** It is in the machine again, whatever was said: from now on it is erased like the others. */
export async function forgetRemovals(tx: Transaction, serverId: ServerId, { disks }: Pick<Inspection, 'disks'>): Promise<void> {
  await tx.query('delete from disk_removals where server_id = $1 and disk_serial = any($2)', [
    serverId,
    disks.map(({ serial }) => serial),
  ]);
}
