// The proof that disks were erased, kept as long as the server's record.
import type { Erasures } from '@rackwright/workflows/ports.ts';
import type { Database } from '../database.ts';

export function postgresErasures(database: Database): Erasures {
  return {
    async record(serverId, operationId, evidence) {
      await database.query(
        `insert into erasures (operation_id, disk_serial, server_id, evidence)
         select distinct on (e->>'serial') $1, e->>'serial', $2, e from jsonb_array_elements($3::jsonb) e
         on conflict (operation_id, disk_serial) do update set evidence = excluded.evidence, recorded_at = clock_timestamp()`,
        [operationId, serverId, JSON.stringify(evidence)],
      );
    },
  };
}
