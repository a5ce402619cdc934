// What an open change of a BMC's password means to everybody else: who may not log in, who may not begin, and what settles a doubt.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { incidentKey } from '@rackwright/domain/incidents.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { closeIncident } from '../incidents/open-incident.ts';
import type { Transaction } from '../transaction.ts';

/** Nobody knows which password the BMC has: a login now may be one too many. Faults `bmc_password_changing`, `bmc_password_in_doubt`. */
export async function refuseDoubtfulPassword(sql: Sql, serverId: ServerId): Promise<void> {
  const [open] = await sql.query<{ state: string }>(
    `select state from bmc_password_changes where server_id = $1 and state in ('changing', 'in_doubt')`,
    [serverId],
  );
  if (!open) return;
  const doing = 'log in at the BMC of the server';
  if (open.state === 'changing') throw new Fault({ code: 'bmc_password_changing', doing, retry: 'later' });
  throw new Fault({ code: 'bmc_password_in_doubt', doing, retry: 'never' });
}

/** Nobody works on it: its worker died, or its schedule stopped. Alias c. */
const IDLE = `not exists (select from server_leases l where l.server_id = c.server_id and l.operation_id is null and l.expires_at > clock_timestamp())`;

/** Of those that nobody works on, the ones whose password is known: never told to the BMC, or proven and on file. */
async function endIdleChanges(sql: Sql, serverIds: readonly ServerId[]): Promise<void> {
  await sql.query(
    `update bmc_password_changes c
        set state = case c.state when 'staged' then 'unchanged' else 'done' end, ended_at = clock_timestamp(),
            credentials_key_id = null, credentials_nonce = null, credentials_sealed = null
      where c.server_id = any ($1) and c.state in ('staged', 'committed') and ${IDLE}`,
    [serverIds],
  );
}

/** For whoever sets credentials by hand: only a change that somebody works on at this moment is in the way. Refusal `server_held`. */
export async function refuseWhilePasswordIsChangedNow(sql: Sql, serverId: ServerId): Promise<void> {
  const [open] = await sql.query<{ idle: boolean }>(
    `select ${IDLE} as idle from bmc_password_changes c where c.server_id = $1 and c.state = 'changing'`,
    [serverId],
  );
  if (!open?.idle) await refuseWhilePasswordChanges(sql, serverId);
}

/**
 * Refusal `server_held`, also when its worker died and the lease ran out: the change is to be ended first. Nearly always there is none,
 * and whoever begins an operation must not take a lock for writing to learn that.
 */
export async function refuseWhilePasswordChanges(sql: Sql, ...serverIds: ServerId[]): Promise<void> {
  if ((await findOpenChange(sql, serverIds)) === undefined) return;
  await endIdleChanges(sql, serverIds);
  const open = await findOpenChange(sql, serverIds);
  if (open)
    throw new Refusal('server_held', {
      holder: open.holder,
      until: open.until ?? 'its schedule runs again, or the credentials are set by hand',
    });
}

async function findOpenChange(sql: Sql, serverIds: ServerId[]): Promise<{ holder: string; until: string | null } | undefined> {
  const [open] = await sql.query<{ holder: string; until: string | null }>(
    `select c.holder, l.expires_at as until from bmc_password_changes c left join server_leases l on l.server_id = c.server_id
      where c.server_id = any ($1) and c.state in ('staged', 'changing', 'committed') limit 1`,
    [serverIds],
  );
  return open;
}

/** Somebody set credentials by hand: they are believed. */
export async function settlePasswordDoubt(tx: Transaction, serverIds: readonly ServerId[]): Promise<void> {
  const settled = await tx.query<{ serverId: ServerId }>(
    `update bmc_password_changes c
        set state = 'settled', ended_at = coalesce(ended_at, clock_timestamp()),
            credentials_key_id = null, credentials_nonce = null, credentials_sealed = null
      where c.server_id = any ($1) and (c.state = 'in_doubt' or (c.state = 'changing' and ${IDLE})) returning c.server_id as "serverId"`,
    [serverIds],
  );
  for (const { serverId } of settled) {
    await closeIncident(
      tx,
      incidentKey('bmc_password_in_doubt', { kind: 'server', id: serverId }),
      'the credentials were set by hand',
    );
  }
}
