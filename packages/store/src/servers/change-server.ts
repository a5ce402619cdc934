// Changes what is on file about a server: everything but its state.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import {
  refuseWhilePasswordChanges,
  refuseWhilePasswordIsChangedNow,
  settlePasswordDoubt,
} from '../bmc-passwords/open-changes.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { Transaction } from '../transaction.ts';
import { changedBladePlace } from './blade-places.ts';
import { insertNics, type NewServer, writeBmc, writeBmcCredentials } from './insert-servers.ts';
import { type Expected, lockServer, refuseOtherVersion } from './move-server.ts';
import { readServer, type ServerRecord } from './read-server.ts';
import { reserveAddresses } from './reserve-addresses.ts';
import { refuseOutsideRack } from './server-refusals.ts';

/** Member → column with its cast. */
const COLUMNS = {
  name: 'name',
  assetTag: 'asset_tag',
  serial: 'serial',
  siteId: 'site_id',
  rackId: 'rack_id',
  uPosition: 'u_position::float8',
  uHeight: 'u_height::float8',
  enclosureId: 'enclosure_id',
  slot: 'slot::int',
  face: 'face::face',
  firmwareMode: 'firmware_mode::firmware_mode',
  labels: 'labels::jsonb',
} as const;

// A workflow that is under way relies on these.
export const BOOT_MEMBERS = ['firmwareMode', 'nics', 'networkId', 'address', 'bmc', 'bmcCredentials', 'serial'] as const;

/**
 * Refusals `not_found`, `precondition_failed`, `operation_in_progress` (how it boots is not changed under a running workflow).
 * Throws what Postgres throws on a broken constraint.
 */
export async function changeServer(
  tx: Transaction,
  keyring: Keyring,
  id: ServerId,
  expected: Expected,
  change: Partial<NewServer>,
): Promise<ServerRecord> {
  const { version } = await lockServer(tx, id);
  refuseOtherVersion(version, expected);
  const before = await readServer(tx, id);
  const changed = Object.keys(change).filter((member) => change[member as keyof NewServer] !== undefined);
  if (before.currentOperationId !== null && BOOT_MEMBERS.some((member) => changed.includes(member)))
    throw new Refusal('operation_in_progress', { operationId: before.currentOperationId });
  if (changed.includes('bmcCredentials')) await refuseWhilePasswordIsChangedNow(tx, id);
  else if (changed.includes('bmc')) await refuseWhilePasswordChanges(tx, id);

  const housed = { ...change, ...(await changedBladePlace(tx, before, change)) };
  await refuseOutsideRack(tx, [{ ...before.location, id, ...definedOf(housed) }]);
  await writeColumns(tx, id, housed);
  await writeNetwork(tx, before, change);
  if (change.nics !== undefined) {
    await tx.query('delete from nics where server_id = $1', [id]);
    await insertNics(tx, [{ id, nics: change.nics }]);
  }
  await changeBmc(tx, keyring, id, change);
  const after = await readServer(tx, id);
  tx.emit({
    kind: 'server.updated',
    subject: { kind: 'server', id },
    serverId: id,
    version: after.version,
    payload: { changed: Object.fromEntries(changed.map((member) => [member, true])) },
  });
  return after;
}

async function writeColumns(tx: Transaction, id: ServerId, change: Partial<NewServer>): Promise<void> {
  const values: unknown[] = [id];
  const sets = Object.entries(COLUMNS).flatMap(([member, column]) => {
    const value = change[member as keyof typeof COLUMNS];
    if (value === undefined) return [];
    const [name, type] = column.split('::');
    return [`${name} = $${values.push(member === 'labels' ? JSON.stringify(value) : value)}${type ? `::${type}` : ''}`];
  });
  sets.push('version = version + 1', 'updated_at = clock_timestamp()');
  await tx.query(`update servers set ${sets.join(', ')} where id = $1`, values);
}

/** Another network means another address: the one asked for, or the next free one there. */
async function writeNetwork(tx: Transaction, before: ServerRecord, change: Partial<NewServer>): Promise<void> {
  const { id } = before;
  if (change.networkId === undefined && change.address === undefined) return;
  const networkId = change.networkId === undefined ? before.networkId : change.networkId;
  const clears = networkId === null || (change.address === null && change.networkId === undefined);
  if (clears) {
    await tx.query('update servers set network_id = $2, address = null where id = $1', [id, networkId]);
    return;
  }
  const stays = networkId === before.networkId && change.address === undefined;
  const asked = {
    id,
    siteId: change.siteId ?? before.location.siteId,
    networkId,
    address: stays ? before.address : (change.address ?? null),
  };
  // Its own address is free for itself.
  await tx.query('update servers set address = null where id = $1', [id]);
  const [placed] = await reserveAddresses(tx, [asked]);
  await tx.query('update servers set network_id = $2, address = $3::inet where id = $1', [
    id,
    networkId,
    placed?.address ?? null,
  ]);
}

async function changeBmc(
  tx: Transaction,
  keyring: Keyring,
  id: ServerId,
  { bmc, bmcCredentials }: Partial<NewServer>,
): Promise<void> {
  if (bmc === null) await tx.query('delete from server_bmcs where server_id = $1', [id]);
  else if (bmc !== undefined) await writeBmc(tx, keyring, id, bmc, bmcCredentials);
  else if (bmcCredentials !== undefined) await writeBmcCredentials(tx, keyring, id, bmcCredentials);
  if (bmc === null || bmcCredentials !== undefined) await settlePasswordDoubt(tx, [id]);
}

function definedOf<T extends object>(change: T): T {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as T;
}
