// New passwords of BMC accounts, step by step: sealed before the BMC hears of them, on file only once they are proven.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { incidentKey } from '@rackwright/domain/incidents.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Database, Sql } from '../database.ts';
import { openIncident } from '../incidents/open-incident.ts';
import { newId } from '../new-id.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { seal, unseal } from '../secrets/sealing.ts';
import { readFiledCredentials } from '../secrets/stored-secrets.ts';
import { writeBmcCredentials } from '../servers/insert-servers.ts';
import { lockServer } from '../servers/move-server.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { endServerLease, type HeldLease, parkServerLease, prolongServerLease, takeServerLease } from './server-lease.ts';

export type PasswordChange = HeldLease & {
  id: string;
  state: 'staged' | 'changing' | 'committed';
  newTries: number;
  oldTries: number;
  newRefused: boolean;
  tells: number;
  answered: boolean;
  /** When the BMC was told; null before. */
  changedAt: string | null;
  /** So long nobody else may begin anything when its worker dies; prolonged with each step. */
  leaseMs: number;
};

const LEASE_MS = 60_000;

type Row = Omit<PasswordChange, 'leaseMs' | 'parkedAs'>;
const SELECT = `id, server_id as "serverId", $2::text as holder, state, new_tries as "newTries", old_tries as "oldTries",
                new_refused as "newRefused", tells, answered, changed_at as "changedAt"`;

export type StageRequest = HeldLease & { reason: string; password: string; leaseMs?: number };

/**
 * The one that is open, taken over from whoever died, or a new one. Refusals `operation_in_progress`, `server_held`, `bmc_missing`,
 * `bmc_password_in_doubt`.
 */
export function stagePasswordChange(
  database: Database,
  keyring: Keyring,
  { serverId, holder, parkedAs, reason, password, leaseMs = LEASE_MS }: StageRequest,
): Promise<PasswordChange> {
  return inTransaction(database, async (tx) => {
    await lockServer(tx, serverId);
    const [doubt] = await tx.query(`select 1 from bmc_password_changes where server_id = $1 and state = 'in_doubt'`, [serverId]);
    if (doubt) throw new Refusal('bmc_password_in_doubt', { server: await nameOf(tx, serverId) });
    const { credentials } = await readFiledCredentials(tx, keyring, serverId);
    await takeServerLease(tx, { serverId, holder, parkedAs }, reason, leaseMs);
    const [open] = await tx.query<Row>(
      `update bmc_password_changes set holder = $2 where server_id = $1 and state in ('staged', 'changing', 'committed') returning ${SELECT}`,
      [serverId, holder],
    );
    if (open) return { ...open, parkedAs, leaseMs };
    const id = `bpc_${newId('event').slice(4)}`;
    const sealed = seal(keyring, password, id);
    const [made] = await tx.query<Row>(
      `insert into bmc_password_changes (id, server_id, holder, username, credentials_key_id, credentials_nonce, credentials_sealed)
       values ($1, $3, $2, $4, $5, $6, $7) returning ${SELECT}`,
      [id, holder, serverId, credentials.username, sealed.keyId, sealed.nonce, sealed.sealed],
    );
    if (!made) throw new Error('a password change was not written');
    return { ...made, parkedAs, leaseMs };
  });
}

export type PasswordNote = Partial<Pick<PasswordChange, 'newTries' | 'oldTries' | 'newRefused' | 'tells' | 'answered'>> & {
  state?: 'staged' | 'changing';
};

/** Before the deed that it tells of. Throws StaleRun. */
export function notePasswordChange(database: Database, change: PasswordChange, note: PasswordNote): Promise<PasswordChange> {
  return inTransaction(database, async (tx) => {
    await prolongServerLease(tx, change, change.leaseMs);
    const [noted] = await tx.query<Row>(
      `update bmc_password_changes
          set state = coalesce($3, state), changed_at = case when $3 = 'changing' then clock_timestamp() else changed_at end,
              new_tries = coalesce($4, new_tries), old_tries = coalesce($5, old_tries), new_refused = coalesce($6, new_refused),
              tells = coalesce($7, tells), answered = coalesce($8, answered)
        where id = $1 and holder = $2 and ended_at is null returning ${SELECT}`,
      [
        ...[change.id, change.holder, note.state ?? null, note.newTries ?? null, note.oldTries ?? null, note.newRefused ?? null],
        ...[note.tells ?? null, note.answered ?? null],
      ],
    );
    if (!noted) throw new Error('a password change ended under its holder');
    return { ...change, ...noted };
  });
}

/** Comes back in a while: whoever goes on with the same work need not wait for the lease to run out. Throws StaleRun. */
export function parkPasswordChange(database: Database, change: PasswordChange): Promise<void> {
  return inTransaction(database, (tx) => parkServerLease(tx, change, change.leaseMs));
}

/** What to log in with. `old` is what is on file: after the commit that is the new one. */
export async function readPasswords(
  sql: Sql,
  keyring: Keyring,
  { id, serverId }: Pick<PasswordChange, 'id' | 'serverId'>,
): Promise<{ endpoint: BmcEndpoint; serial: string | null; old: BmcCredentials; fresh: BmcCredentials | undefined }> {
  const { endpoint, serial, credentials: old } = await readFiledCredentials(sql, keyring, serverId);
  const fresh = await readFresh(sql, keyring, id);
  return { endpoint, serial, old, fresh };
}

async function readFresh(sql: Sql, keyring: Keyring, id: string): Promise<BmcCredentials | undefined> {
  const [row] = await sql.query<{ username: string; keyId: string | null; nonce: Buffer; sealed: Buffer }>(
    `select username, credentials_key_id as "keyId", credentials_nonce as nonce, credentials_sealed as sealed
       from bmc_password_changes where id = $1`,
    [id],
  );
  if (!row || row.keyId === null) return undefined;
  return { username: row.username, password: unseal(keyring, { ...row, keyId: row.keyId }, id) };
}

/** The new password is proven: it is the one on file. May be repeated. Throws StaleRun. */
export function commitPasswordChange(
  database: Database,
  keyring: Keyring,
  change: PasswordChange,
  by: string,
): Promise<PasswordChange> {
  return inTransaction(database, async (tx) => {
    await lockServer(tx, change.serverId);
    await prolongServerLease(tx, change, change.leaseMs);
    const fresh = await readFresh(tx, keyring, change.id);
    if (fresh) {
      await writeBmcCredentials(tx, keyring, change.serverId, fresh);
      tx.emit({
        kind: 'server.bmc_password_changed',
        subject: { kind: 'server', id: change.serverId },
        serverId: change.serverId,
        payload: { by },
      });
    }
    const [committed] = await tx.query<Row>(
      `update bmc_password_changes set state = 'committed', ${NO_SECRET} where id = $1 and holder = $2 returning ${SELECT}`,
      [change.id, change.holder],
    );
    if (!committed) throw new Error('a password change ended under its holder');
    return { ...change, ...committed };
  });
}

const NO_SECRET = 'credentials_key_id = null, credentials_nonce = null, credentials_sealed = null';

/** `unchanged`: the BMC has the old one still. `in_doubt`: it refused both; a person is told. Throws StaleRun. */
export function endPasswordChange(
  database: Database,
  change: PasswordChange,
  how: 'done' | 'unchanged' | 'in_doubt',
): Promise<void> {
  return inTransaction(database, async (tx) => {
    await prolongServerLease(tx, change, change.leaseMs);
    const secret = how === 'in_doubt' ? '' : `, ${NO_SECRET}`;
    await tx.query(
      `update bmc_password_changes set state = $3, ended_at = clock_timestamp()${secret} where id = $1 and holder = $2`,
      [change.id, change.holder, how],
    );
    await endServerLease(tx, change);
    if (how === 'in_doubt') await tellOfDoubt(tx, change.serverId);
  });
}

async function tellOfDoubt(tx: Transaction, serverId: ServerId): Promise<void> {
  const scope = { kind: 'server', id: serverId, name: await nameOf(tx, serverId) } as const;
  const kind = 'bmc_password_in_doubt';
  await openIncident(tx, { kind, key: incidentKey(kind, scope), scope, facts: { server: scope.name } });
}

async function nameOf(tx: Transaction, serverId: ServerId): Promise<string> {
  const [row] = await tx.query<{ name: string }>('select name from servers where id = $1', [serverId]);
  return row?.name ?? serverId;
}
