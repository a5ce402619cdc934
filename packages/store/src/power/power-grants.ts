// Permission to power on, from the one line in front of each rack: any number of workers agree, because a rack's row is locked.
import type { Watts } from '@rackwright/domain/power/draw.ts';
import { grantPower, type PowerWait } from '@rackwright/domain/power/grant-power.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import type { OperationId, RackId, ServerId } from '@rackwright/domain/ids.ts';
import { type RackPowerState, requestsOf, runningOf } from '@rackwright/domain/power/rack-power.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import type { Database, Sql } from '../database.ts';
import { inTransaction } from '../transaction.ts';
import { readRackPower } from './read-rack-power.ts';

export type PowerAsker = { serverId: ServerId; operationId: OperationId };

/** `since`: when it first asked. */
export type PowerAnswer =
  | { granted: true; draw: Watts | null }
  | { granted: false; rackName: string; since: string; wait: PowerWait };

/** Whoever was granted power while asleep must wake and use it within this time. */
const TAKE_WITHIN_MS = seconds(60);
/** From the order until the BMC says on; a worker that dies in between holds its grant so long. */
const DEED_MS = seconds(300);

/**
 * Granted: the order may be sent now, and from now on the server counts as on. Else it stands in line, its place kept until its
 * operation ends. A server without a rack hangs on nothing we know: granted. May be repeated; `settlePower` follows the order.
 */
export async function askForPower(database: Database, asker: PowerAsker): Promise<PowerAnswer> {
  return inTransaction(database, async (tx) => {
    const [asked] = await tx.query<{ rackId: RackId | null; since: string; held: boolean }>(ASK, [
      asker.serverId,
      asker.operationId,
    ]);
    if (!asked || asked.rackId === null) {
      await tx.query(`update server_power set power = 'on', power_at = clock_timestamp() where server_id = $1`, [asker.serverId]);
      return { granted: true, draw: null };
    }
    const [rack] = await readRackPower(tx, { ids: [asked.rackId] });
    const self = rack?.servers.find(({ id }) => id === asker.serverId);
    // Retired meanwhile: it counts nowhere, and whoever asks will be refused elsewhere.
    if (!rack || !self) return { granted: true, draw: null };
    const { granted, waiting } = grantPower(requestsOf(rack), rack, runningOf(rack));
    const mine = asked.held || granted.includes(asker.serverId);
    await writeGrants(tx, granted, mine ? asker.serverId : null);
    if (mine) return { granted: true, draw: self.draw };
    const wait = waiting.find(({ serverId }) => serverId === asker.serverId);
    // Only who runs stands in line: its operation has ended under this worker's hands.
    if (!wait) throw new StaleRun();
    return { granted: false, rackName: rack.name, since: asked.since, wait };
  });
}

// The rack first: whoever holds its row may touch the rows of its servers. A grant that still holds is taken over as it is; who waits,
// or let a grant run out unused, keeps its place.
const ASK = `
  insert into server_power as p (server_id, operation_id, asked_at)
  select x.id, $2, clock_timestamp()
    from (select $1::text as id) x
    left join lateral (select r.id from servers s join racks r on r.id = s.rack_id where s.id = x.id for no key update of r) r on true
  on conflict (server_id) do update
    set operation_id = excluded.operation_id,
        asked_at = case when p.expires_at > clock_timestamp() or (p.operation_id = excluded.operation_id and p.used_at is null)
                        then coalesce(p.asked_at, excluded.asked_at) else excluded.asked_at end,
        granted_at = case when p.expires_at > clock_timestamp() then p.granted_at end,
        expires_at = case when p.expires_at > clock_timestamp() then p.expires_at end,
        used_at = case when p.expires_at > clock_timestamp() then p.used_at end
  returning asked_at as since, granted_at is not null as held, (select s.rack_id from servers s where s.id = $1) as "rackId"`;

async function writeGrants(tx: Sql, granted: readonly ServerId[], self: ServerId | null): Promise<OperationId[]> {
  if (granted.length === 0 && self === null) return [];
  const rows = await tx.query<{ operationId: OperationId }>(
    `with given as (
       update server_power set
              granted_at = coalesce(granted_at, clock_timestamp()),
              expires_at = clock_timestamp() + make_interval(secs => case when server_id = $2 then ${DEED_MS / 1000} else ${TAKE_WITHIN_MS / 1000} end),
              used_at = case when server_id = $2 then clock_timestamp() end,
              power = case when server_id = $2 then 'on' else power end,
              power_at = case when server_id = $2 then clock_timestamp() else power_at end
        where server_id = any($1) or server_id = $2
        returning server_id, operation_id)
     update operations o
        set signals = signals + 1, wake_at = case when run_until is null then clock_timestamp() else wake_at end
       from given g where o.id = g.operation_id and o.state = 'running' and g.server_id is distinct from $2
     returning o.id as "operationId"`,
    [granted, self],
  );
  return rows.map(({ operationId }) => operationId);
}

/** Gives what came free to whoever waits for it. @returns whom to wake; who is not woken is found by the sweep */
export async function grantWaiting(database: Database): Promise<OperationId[]> {
  const racks = await database.query<{ id: RackId }>(
    `select distinct s.rack_id as id from server_power p
       join servers s on s.id = p.server_id
       join operations o on o.id = p.operation_id
      where p.granted_at is null and p.asked_at is not null and o.state = 'running' and s.rack_id is not null`,
  );
  const woken: OperationId[] = [];
  for (const { id } of racks) {
    const granted = await inTransaction(database, async (tx) => {
      await tx.query('select from racks where id = $1 for no key update', [id]);
      const [rack] = await readRackPower(tx, { ids: [id] });
      return rack ? writeGrants(tx, waitingNowGranted(rack), null) : [];
    });
    woken.push(...granted);
  }
  return woken;
}

function waitingNowGranted(rack: RackPowerState): ServerId[] {
  return grantPower(requestsOf(rack), rack, runningOf(rack)).granted;
}

/** The BMC was told to power on: it draws its inrush for so long yet. Harmless when another operation has the server now. */
export async function settlePower(sql: Sql, { serverId, operationId }: PowerAsker, inrushSeconds: number): Promise<void> {
  await sql.query(
    `update server_power set expires_at = least(expires_at, clock_timestamp() + make_interval(secs => $3))
      where server_id = $1 and operation_id = $2 and granted_at is not null`,
    [serverId, operationId, inrushSeconds],
  );
}

/** On before anything was sent: a grant that was used and never settled is the one of a worker that died after its order. */
export async function settleFoundOn(database: Database, asker: PowerAsker): Promise<void> {
  const [left] = await database.query<{ rackId: RackId | null }>(
    `select s.rack_id as "rackId" from server_power p join servers s on s.id = p.server_id
      where p.server_id = $1 and p.operation_id = $2 and p.used_at is not null and p.expires_at > clock_timestamp()`,
    [asker.serverId, asker.operationId],
  );
  if (!left || left.rackId === null) return;
  const [rack] = await readRackPower(database, { ids: [left.rackId] });
  const self = rack?.servers.find(({ id }) => id === asker.serverId);
  if (self) await settlePower(database, asker, self.draw.inrushSeconds);
}

/** What its BMC said. Off gives back what it was granted. */
export async function notePower(sql: Sql, serverId: ServerId, power: 'on' | 'off'): Promise<void> {
  await sql.query(
    `insert into server_power as p (server_id, power, power_at) values ($1, $2, clock_timestamp())
     on conflict (server_id) do update
       set power = excluded.power, power_at = excluded.power_at,
           expires_at = case when excluded.power = 'off' and p.used_at is not null then least(p.expires_at, clock_timestamp())
                             else p.expires_at end`,
    [serverId, power],
  );
}
