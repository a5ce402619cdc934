// Reads what Rackwright wrote down about a run, straight from its database, for the checker.
import pg from 'pg';
import type { History } from '../../test/chaos/history.ts';

type Written = Omit<History, 'journal' | 'deletedNodes' | 'sessionLooks' | 'readAt'>;

const MILLISECONDS = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::float8`;

const QUERIES: { [K in keyof Written]: string } = {
  servers: `select s.id, s.name, s.state::text as state,
      coalesce((select jsonb_agg(d->>'serial') from jsonb_array_elements(h.inspection->'disks') d), '[]') as "acceptedDisks"
    from servers s left join accepted_hardware h on h.server_id = s.id order by s.id`,
  events: `select seq::float8 as seq, ${MILLISECONDS('at')} as at, kind, server_id as "serverId", operation_id as "operationId", payload
    from events order by seq`,
  operations: `select id, type, server_id as "serverId", state::text as state, ${MILLISECONDS('deadline_at')} as "deadlineAt",
      waiting_for as "waitingFor", error->>'code' as "errorCode" from operations order by created_at`,
  allocations: `select server_id as "serverId", cluster_id as "clusterId", node_name as "nodeName" from allocations`,
  erasures: `select operation_id as "operationId", server_id as "serverId", disk_serial as "diskSerial", evidence->>'readBack' as "readBack",
      ${MILLISECONDS('recorded_at')} as "recordedAt" from erasures`,
  powerWords: `select o.server_id as "serverId", ${MILLISECONDS('a.answered_at')} as at
    from operation_answers a join operations o on o.id = a.operation_id where a.question = 'fence_unproven'`,
  tickets: `select id, server_id as "serverId", operation_id as "operationId", token_hash as "tokenHash",
      ${MILLISECONDS('closed_at')} as "closedAt" from boot_tickets`,
  instructions: `select id, ticket_id as "ticketId", deed, ${MILLISECONDS('given_at')} as "givenAt" from instructions`,
};

export async function readHistory(url: string): Promise<Written> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // One snapshot: what is read last must not be newer than what is read first.
    await client.query('begin isolation level repeatable read read only');
    const rows: Record<string, unknown[]> = {};
    for (const [part, query] of Object.entries(QUERIES)) rows[part] = (await client.query<Record<string, unknown>>(query)).rows;
    return rows as unknown as Written;
  } finally {
    await client.end();
  }
}
