// A server's parts: what was accepted, what was counted last, what its model expects; and taking a reviewed swap on file.
import { Refusal } from '@rackwright/domain/errors.ts';
import { compareWithModel, type ExpectedHardware } from '@rackwright/domain/hardware/hardware-model.ts';
import { compareInspections, type HardwareDifference, type Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { reviewSwap, type SwapReview } from '@rackwright/domain/hardware/review-hardware.ts';
import type { HardwareModelId, OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { insertNics } from '../servers/insert-servers.ts';
import { lockServer } from '../servers/move-server.ts';
import { readServer, type ServerRecord } from '../servers/read-server.ts';
import { serverRefusals } from '../servers/server-refusals.ts';
import type { Transaction } from '../transaction.ts';
import { refusing } from './constraint-refusals.ts';
import { forgetRemovals, readRemovals } from './disk-removals.ts';
import type { Work } from './work.ts';

export type ServerHardware = {
  accepted: { inspection: Inspection; acceptedAt: string; operationId: OperationId } | null;
  lastSeen: { ticketId: TicketId; inspection: Inspection; reportedAt: string } | null;
  /** Of what was seen last from what was accepted. */
  differences: HardwareDifference[];
  /** The model of that product, and how what was seen last differs from it. */
  model: { id: HardwareModelId; name: string; differences: HardwareDifference[] } | null;
};
export type AcceptSwap = { ticketId: TicketId; named: SwapReview['named']; by: string; reason: string };

export function postgresServerHardware(work: Work) {
  return {
    hardware: (id: ServerId): Promise<ServerHardware> => readHardware(work.read, id),

    /**
     * May be repeated. Refusals `inspection_not_latest`, `operation_in_progress`, those of `reviewSwap`, `mac_already_known`,
     * `serial_already_known`.
     */
    acceptHardware: (id: ServerId, swap: AcceptSwap): Promise<ServerHardware> =>
      refusing(serverRefusals(work.read), () =>
        work.write(async (tx) => {
          await lockServer(tx, id);
          await acceptSwap(tx, await readServer(tx, id), swap);
          return readHardware(tx, id);
        }),
      ),
  };
}

async function readHardware(sql: Sql, id: ServerId): Promise<ServerHardware> {
  const [accepted = null] = await sql.query<NonNullable<ServerHardware['accepted']>>(
    `select inspection, accepted_at as "acceptedAt", operation_id as "operationId" from accepted_hardware where server_id = $1`,
    [id],
  );
  const lastSeen = await readLastSeen(sql, id);
  const seen = lastSeen?.inspection ?? accepted?.inspection;
  const [model] = await sql.query<ExpectedHardware & { id: HardwareModelId; name: string }>(
    `select id, name, cpu_sockets as "cpuSockets", memory_bytes as "memoryBytes", disks, nics from hardware_models where product = $1`,
    [seen?.system.product ?? null],
  );
  return {
    accepted,
    lastSeen,
    differences: accepted && lastSeen ? compareInspections(accepted.inspection, lastSeen.inspection) : [],
    model: model && seen ? { id: model.id, name: model.name, differences: compareWithModel(model, seen) } : null,
  };
}

async function readLastSeen(sql: Sql, id: ServerId): Promise<ServerHardware['lastSeen']> {
  const [seen = null] = await sql.query<NonNullable<ServerHardware['lastSeen']>>(
    `select i.ticket_id as "ticketId", i.inspection, i.reported_at as "reportedAt"
       from ticket_inspections i join boot_tickets t on t.id = i.ticket_id
      where t.server_id = $1 order by i.reported_at desc limit 1`,
    [id],
  );
  return seen;
}

async function acceptSwap(tx: Transaction, server: ServerRecord, { ticketId, named, by, reason }: AcceptSwap): Promise<void> {
  const { id } = server;
  if (server.currentOperationId !== null) throw new Refusal('operation_in_progress', { operationId: server.currentOperationId });
  const seen = await readLastSeen(tx, id);
  // Who reviewed an earlier count has not seen what is there now.
  if (seen?.ticketId !== ticketId) throw new Refusal('inspection_not_latest', { latest: seen?.ticketId ?? 'none' });
  const review = reviewSwap({
    onFile: { serial: server.serial, nics: server.nics, accepted: server.hardware },
    seen: seen.inspection,
    named,
    erased: await erasedDisks(tx, id),
    removed: (await readRemovals(tx, id)).map(({ serial }) => serial),
    allocated: server.assignment !== null,
  });
  if (!review.ok) throw new Refusal(review.code, review.facts);
  await tx.query(
    `insert into accepted_hardware (server_id, inspection, operation_id)
     select $1, $2, operation_id from boot_tickets where id = $3
     on conflict (server_id) do update
       set inspection = excluded.inspection, operation_id = excluded.operation_id, accepted_at = clock_timestamp()`,
    [id, JSON.stringify(seen.inspection), ticketId],
  );
  await forgetRemovals(tx, id, seen.inspection);
  await tx.query('delete from nics where server_id = $1', [id]);
  await insertNics(tx, [{ id, nics: review.nics }]);
  const [row] = await tx.query<{ version: number }>(
    'update servers set serial = $2, version = version + 1, updated_at = clock_timestamp() where id = $1 returning version',
    [id, review.serial],
  );
  const subject = { kind: 'server' as const, id };
  const differences = server.hardware ? compareInspections(server.hardware, seen.inspection).map(({ what }) => what) : [];
  const told = { subject, serverId: id, version: row?.version };
  tx.emit({ ...told, kind: 'server.updated', payload: { changed: { hardware: 'accepted', nics: true, serial: true } } });
  tx.emit({ ...told, kind: 'server.hardware_accepted', payload: { by, reason, differences, lostDisks: named.lostDisks } });
}

/** Since it was last given to anybody: earlier erasures prove nothing about what was written since. */
async function erasedDisks(sql: Sql, id: ServerId): Promise<string[]> {
  const rows = await sql.query<{ serial: string }>(
    `select distinct disk_serial as serial from erasures e
      where e.server_id = $1 and e.evidence->>'readBack' in ('zero', 'random')
        and e.recorded_at > coalesce((select max(o.created_at) from operations o
                                       where o.server_id = $1 and o.type = 'provision-server'), '-infinity')`,
    [id],
  );
  return rows.map(({ serial }) => serial);
}
