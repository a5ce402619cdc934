// Which BMCs are to be looked at now, and the right to ask them: nobody else asks a BMC that is marked as asked.
import type { BmcCredentials, BmcEndpoint, BmcHealth, PowerState } from '@rackwright/domain/bmc.ts';
import type { Circuit } from '@rackwright/domain/bmc-sweep/circuit.ts';
import type { LogCursor } from '@rackwright/domain/bmc-sweep/log-cursor.ts';
import type { BmcReading } from '@rackwright/domain/bmc-sweep/reading.ts';
import { sweptStates } from '@rackwright/domain/bmc-sweep/tiers.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Database } from '../database.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { openBmcSecret, type SealedRow } from '../secrets/stored-secrets.ts';
import { endpointOf } from '../servers/read-server.ts';
import { MARK, SHARDS } from './sweep-shares.ts';

/** One BMC to look at, with all that it takes: no further statement. */
export type DueLook = {
  serverId: ServerId;
  state: ServerState;
  spread: number;
  /** What makes this BMC and this way into it. */
  mark: string;
  endpoint: BmcEndpoint;
  /** Throws Fault of `unseal`. */
  credentials: () => BmcCredentials;
  /** The serial number on file. */
  serial: string | null;
  reading: BmcReading;
  /** Epoch milliseconds; null: never. */
  logReadAt: number | null;
  logCursor: LogCursor;
};

export type LookLimits = {
  /** Of those that answered last time. */
  living: number;
  /** Of those that did not. */
  silent: number;
};

/**
 * Takes the right to ask them; `record` gives it back. Left out: BMCs that another worker asks now, for the sweep or for an operation.
 * @param forMs  until the right ends by itself, should this worker hang
 */
export async function claimLooks(
  database: Database,
  keyring: Keyring,
  {
    worker,
    runner,
    shards,
    workers,
  }: { worker: string /** As operations know this worker. */; runner: string; shards: readonly number[]; workers: number },
  limits: LookLimits,
  forMs: number,
): Promise<DueLook[]> {
  const rows = await database.query<Row>(CLAIM, [
    worker,
    runner,
    shards,
    sweptStates(),
    limits.living,
    limits.silent,
    forMs / 1000,
  ]);
  if (workers < 2 || rows.length === 0) return rows.map((row) => lookOf(keyring, row));
  try {
    const theirs = await operatedElsewhere(database, runner, rows);
    await giveBack(database, worker, theirs);
    return rows.filter(({ serverId }) => !theirs.includes(serverId)).map((row) => lookOf(keyring, row));
  } catch (cause) {
    // Nobody looks at them under this right: others need not wait until it ends by itself.
    await giveBack(
      database,
      worker,
      rows.map(({ serverId }) => serverId),
    ).catch(() => undefined);
    throw cause;
  }
}

const OPERATED_ELSEWHERE = `exists (
  select from operations o where o.server_id = r.server_id and o.state = 'running' and o.run_until > clock_timestamp() and o.run_by <> $2)`;

/** Whoever changes its password is the only one who logs in: a wrong login may be the one that locks the account. */
const PASSWORD_CHANGES = `exists (
  select from bmc_password_changes p where p.server_id = r.server_id and p.state in ('staged', 'changing', 'committed', 'in_doubt'))`;

/** Said so that the index of what comes due is of use: its own condition word for word, and a time that stands still while it is read. */
const lane = (failures: string, limit: string): string => `
  (select r.server_id from bmc_readings r
     join servers s on s.id = r.server_id and s.state::text = any($4)
     join server_bmcs b on b.server_id = r.server_id and b.credentials_key_id is not null
    where r.due_at < 'infinity' and r.due_at <= now() and r.spread % ${SHARDS} = any($3) and r.failures ${failures}
      and (r.asked_until is null or r.asked_until < clock_timestamp()) and not ${OPERATED_ELSEWHERE} and not ${PASSWORD_CHANGES}
    order by r.due_at limit ${limit} for update of r skip locked)`;

const CLAIM = `
  with living as ${lane('= 0', '$5')}, silent as ${lane('> 0', '$6')},
       due as (select * from living union all select * from silent)
  update bmc_readings r set asked_by = $1, asked_until = clock_timestamp() + make_interval(secs => $7)
    from due, servers s, server_bmcs b
   where r.server_id = due.server_id and s.id = due.server_id and b.server_id = due.server_id
  returning r.server_id as "serverId", s.state::text as state, s.serial, r.spread, ${MARK} as mark,
            jsonb_build_object('protocol', b.protocol, 'address', b.address, 'port', b.port, 'tls', b.tls) as bmc,
            b.credentials_key_id as "keyId", b.credentials_nonce as nonce, b.credentials_sealed as sealed,
            r.power, r.health, r.seen_at as "seenAt", r.unreachable_since as "unreachableSince", r.failures, r.circuit, r.openings,
            r.retry_at as "retryAt", r.last_error as "lastError", r.last_error_at as "lastErrorAt",
            r.log_cursor as "logCursor", r.log_read_at as "logReadAt"`;

type Row = SealedRow & {
  serverId: ServerId;
  state: ServerState;
  serial: string | null;
  spread: number;
  mark: string;
  bmc: Parameters<typeof endpointOf>[0];
  logCursor: LogCursor;
  logReadAt: string | null;
} & ReadingRow;

export type ReadingRow = {
  power: PowerState | null;
  health: BmcHealth | null;
  seenAt: string | null;
  unreachableSince: string | null;
  failures: number;
  circuit: Circuit['state'];
  openings: number;
  retryAt: string | null;
  lastError: string | null;
  lastErrorAt: string | null;
};

/**
 * An operation of another worker may have begun while our mark was on its way: whoever of the two looks second sees the other. That
 * worker looks at our mark before it asks (`mayTalk`), and we look at its run after ours is committed.
 */
async function operatedElsewhere(database: Database, runner: string, rows: readonly Row[]): Promise<ServerId[]> {
  const theirs = await database.query<{ serverId: ServerId }>(
    `select r.server_id as "serverId" from bmc_readings r where r.server_id = any($1) and ${OPERATED_ELSEWHERE}`,
    [rows.map(({ serverId }) => serverId), runner],
  );
  return theirs.map(({ serverId }) => serverId);
}

async function giveBack(database: Database, worker: string, serverIds: readonly ServerId[]): Promise<void> {
  if (serverIds.length === 0) return;
  await database.query(
    'update bmc_readings set asked_by = null, asked_until = null where asked_by = $1 and server_id = any($2)',
    [worker, serverIds],
  );
}

function lookOf(keyring: Keyring, row: Row): DueLook {
  const { serverId, state, serial, spread, mark, logCursor } = row;
  const logReadAt = epoch(row.logReadAt);
  return {
    serverId,
    state,
    serial,
    spread,
    mark,
    logCursor,
    logReadAt,
    endpoint: endpointOf(row.bmc),
    credentials: () => openBmcSecret(keyring, row, serverId),
    reading: readingOf(row),
  };
}

export function readingOf(row: ReadingRow): BmcReading {
  const { power, health, failures, openings } = row;
  return {
    power,
    health,
    seenAt: epoch(row.seenAt),
    unreachableSince: epoch(row.unreachableSince),
    circuit: { state: row.circuit, failures, openings, retryAt: epoch(row.retryAt) },
    lastError: row.lastError === null ? null : { code: row.lastError, at: epoch(row.lastErrorAt) ?? 0 },
  };
}

const epoch = (text: string | null): number | null => (text === null ? null : Date.parse(text));
