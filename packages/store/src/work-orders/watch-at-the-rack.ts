// What the BMCs of machines say before which a technician stands: power and light, a few seconds old at most.
import type { PowerState } from '@rackwright/domain/bmc.ts';
import type { ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import { AT_THE_RACK } from '@rackwright/domain/work-orders/table.ts';
import type { Database } from '../database.ts';
import { inTransaction } from '../transaction.ts';

export type WatchedMachine = { serverId: ServerId /** Somebody is there, or is no longer. */; ledWanted: boolean };
/** `power` null: it said nothing, and why. `ledLit` null: it does not tell, or could not be told. */
export type MachineSeen = { power: PowerState | null; silentBecause: string | null; ledLit: boolean | null };

const AGAIN = '3 seconds';
/** Asking a BMC that refuses our password again and again would lock the account. */
const AFTER_REFUSAL = '10 minutes';
/** A light that could not be turned off is somebody else's by then. */
const LIGHT_GIVEN_UP = '1 hour';
const THERE = AT_THE_RACK.map((state) => `'${state}'`).join(', ');

/** Each is told to one process only, and again after a few seconds. */
export async function claimWatched(database: Database, limit: number): Promise<WatchedMachine[]> {
  return database.query<WatchedMachine>(
    `with due as (
       select id, server_id from work_orders
        where (state in (${THERE}) or (led_lit and updated_at > now() - interval '${LIGHT_GIVEN_UP}'))
          and (looked_at is null or looked_at < clock_timestamp() -
               case when power_silent_because = 'bmc_auth_failed' then interval '${AFTER_REFUSAL}' else interval '${AGAIN}' end)
        order by looked_at nulls first limit $1 for no key update skip locked),
     looked as (
       update work_orders w set looked_at = clock_timestamp() from due where w.id = due.id returning w.server_id)
     select distinct l.server_id as "serverId",
            exists (select from work_orders o where o.server_id = l.server_id and o.state in (${THERE})) as "ledWanted"
       from looked l`,
    [limit],
  );
}

/** No new version: what was seen changes nothing that anybody decided. Told when it is other than before. */
export async function recordSighting(database: Database, serverId: ServerId, seen: MachineSeen): Promise<void> {
  const { power, silentBecause, ledLit } = seen;
  await inTransaction(database, async (tx) => {
    const changed = await tx.query<{ id: WorkOrderId; version: number; other: boolean }>(
      `with before as (
         select id, power, power_silent_because, led_lit from work_orders
          where server_id = $1 and (state in (${THERE}) or led_lit) order by id for no key update)
       update work_orders w
          set power = $2, power_silent_because = $3, power_seen_at = clock_timestamp(), led_lit = coalesce($4, w.led_lit)
         from before b where w.id = b.id
       returning w.id, w.version,
                 (b.power, b.power_silent_because, b.led_lit) is distinct from (w.power, w.power_silent_because, w.led_lit) as other`,
      [serverId, power, silentBecause, ledLit],
    );
    for (const { id, version, other } of changed) {
      if (!other) continue;
      const subject = { kind: 'work_order' as const, id };
      tx.emit({ kind: 'work_order.updated', subject, serverId, version, payload: { changed: { power, silentBecause, ledLit } } });
    }
  });
}
