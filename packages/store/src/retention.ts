// Forgets what nobody needs any more, a bounded bite at a time: call it now and then from one place.
import { forgetReplicas } from './boot/boot-replicas.ts';
import type { Database } from './database.ts';
import { pruneEvents } from './events.ts';
import { forgetPlans } from './plans/forget-plans.ts';
import { forgetScheduleRuns } from './schedules/forget-runs.ts';
import { forgetDeliveries } from './webhooks/delivery-log.ts';

const MOST_ROWS = 10_000;

export type Forgotten = {
  events: number;
  idempotencyKeys: number;
  dhcpLeases: number;
  deliveries: number;
  plans: number;
  scheduleRuns: number;
};

/** @param eventDays  how long a reader of the events may be away; a server's own record of moves and operations is kept for ever */
export async function forgetOld(database: Database, { eventDays = 7 }: { eventDays?: number } = {}): Promise<Forgotten> {
  const expired = async (table: 'idempotency_keys' | 'dhcp_leases') => {
    const gone = await database.query(
      `delete from ${table} where ctid in (select ctid from ${table} where expires_at < now() limit ${MOST_ROWS}) returning 1`,
    );
    return gone.length;
  };
  await forgetReplicas(database);
  // A busy BMC is tried every few seconds; what came of those tries stands in the run's items.
  await database.query(
    `delete from bmc_password_changes where ctid in (
       select ctid from bmc_password_changes where state = 'unchanged' and ended_at < now() - interval '7 days' limit ${MOST_ROWS})`,
  );
  const ended = (table: 'incidents' | 'bulk_operations' | 'cold_starts', at: string, most: number) =>
    database.query(
      `delete from ${table} where id in (select id from ${table} where ${at} < now() - interval '365 days' order by ${at} limit ${most})`,
    );
  await ended('incidents', 'closed_at', MOST_ROWS);
  // Each has thousands of items.
  await ended('bulk_operations', 'finished_at', 20);
  await ended('cold_starts', 'finished_at', 20);
  return {
    events: await pruneEvents(database, eventDays),
    idempotencyKeys: await expired('idempotency_keys'),
    dhcpLeases: await expired('dhcp_leases'),
    deliveries: await forgetDeliveries(database),
    plans: await forgetPlans(database),
    scheduleRuns: await forgetScheduleRuns(database),
  };
}
