// What holds of a server beside its state: does its last count match the model of its product, and is it well?
import { compareWithModel, type ExpectedHardware } from '@rackwright/domain/hardware/hardware-model.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import type { ServerRecord } from '../servers/read-server.ts';

/** `reason` is one lower_snake word; `message` the first difference, or empty. */
export type ServerCondition = {
  type: 'InventoryMatches' | 'Healthy';
  status: 'true' | 'false' | 'unknown';
  reason: string;
  message: string;
};
export type ServerWithConditions = ServerRecord & { conditions: ServerCondition[] };

type Row = ExpectedHardware & { id: ServerId; model: string; seen: Inspection };

/** Two statements for all of them. */
export async function withConditions(sql: Sql, servers: readonly ServerRecord[]): Promise<ServerWithConditions[]> {
  const rows = await sql.query<Row>(
    `select s.id, m.name as model, m.cpu_sockets as "cpuSockets", m.memory_bytes as "memoryBytes", m.disks, m.nics, x.seen
       from servers s
       left join accepted_hardware h on h.server_id = s.id
       cross join lateral (
         select coalesce((select i.inspection from boot_tickets t join ticket_inspections i on i.ticket_id = t.id
                           where t.server_id = s.id order by i.reported_at desc limit 1), h.inspection) as seen) x
       join hardware_models m on m.product = x.seen->'system'->>'product'
      where s.id = any($1)`,
    [servers.map(({ id }) => id)],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const decided = new Map((await readDecisions(sql, servers)).map((row) => [row.id, row]));
  return servers.map((server) => ({
    ...server,
    conditions: [inventoryMatches(byId.get(server.id)), ...healthy(server, decided.get(server.id))],
  }));
}

type Decided = { id: ServerId; because: string; signals: string };

function readDecisions(sql: Sql, servers: readonly ServerRecord[]): Promise<Decided[]> {
  return sql.query<Decided>(
    `select d.server_id as id, d.because,
            (select coalesce(string_agg(h.signal, ', ' order by h.since), '') from health_signals h where h.server_id = d.server_id) as signals
       from health_decisions d where d.server_id = any($1)`,
    [servers.map(({ id }) => id)],
  );
}

/** `reason` is why something is done about it, or not; of servers that do not serve there is nothing to say. */
function healthy({ state }: ServerRecord, decided: Decided | undefined): ServerCondition[] {
  const type = 'Healthy';
  if (decided) return [{ type, status: 'false', reason: decided.because, message: decided.signals }];
  return state === 'in_service' ? [{ type, status: 'true', reason: 'no_signals', message: '' }] : [];
}

function inventoryMatches(row: Row | undefined): ServerCondition {
  const type = 'InventoryMatches';
  if (!row) return { type, status: 'unknown', reason: 'no_model', message: '' };
  const [first] = compareWithModel(row, row.seen);
  return first === undefined
    ? { type, status: 'true', reason: 'as_expected', message: '' }
    : { type, status: 'false', reason: 'differs_from_model', message: `${row.model}: ${first.what}` };
}
