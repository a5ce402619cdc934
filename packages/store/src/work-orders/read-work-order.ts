// Work orders as the API shows them: what is to be done, where, by whom, and what the machine's BMC said last.
import type { PowerState } from '@rackwright/domain/bmc.ts';
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { PartKind } from '@rackwright/domain/hardware/judge-repair.ts';
import type { OperationId, RackId, ServerId, SiteId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { Face } from '@rackwright/domain/server.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { BurnIn, BurnInTest } from '@rackwright/domain/work-orders/burn-in.ts';
import type { PowerSighting, PowerWord } from '@rackwright/domain/work-orders/safe-to-pull.ts';
import type { WorkOrderOutcome, WorkOrderState } from '@rackwright/domain/work-orders/table.ts';
import type { Sql } from '../database.ts';
import { instantSql } from '../instant-sql.ts';
import { type Page, type PageRequest, pageOf, type Stamps, stamps } from '../inventory/work.ts';

export type WorkOrderProblem = { code: string; facts: Facts; operationId: OperationId; at: string };

export type WorkOrderRecord = Stamps & {
  id: WorkOrderId;
  cause: string;
  state: WorkOrderState;
  part: { kind: PartKind; slot: string | null; oldSerial: string | null; newSerials: string[] };
  assignee: string | null;
  notes: string;
  reason: string | null;
  problem: WorkOrderProblem | null;
  outcome: WorkOrderOutcome | null;
  attempts: number;
  burnIn: BurnIn;
  operationId: OperationId | null;
  validation: { tests: BurnInTest[] } | null;
  openedBy: string;
  closedAt: string | null;
  power: PowerSighting | null;
  powerWord: PowerWord | null;
  ledLit: boolean | null;
  server: {
    id: ServerId;
    name: string;
    serial: string | null;
    assetTag: string | null;
    state: ServerState;
    siteId: SiteId;
    siteName: string;
    rackId: RackId | null;
    rackName: string | null;
    uPosition: number | null;
    uHeight: number;
    face: Face;
    /** Of a blade: where in the rack the hand has to go. */
    enclosureName: string | null;
    slot: number | null;
  };
};

export type WorkOrderFilter = {
  serverId?: ServerId | undefined;
  state?: WorkOrderState | undefined;
  assignee?: string | undefined;
  /** Those that are not over. */
  open?: boolean | undefined;
};

export const SELECT_WORK_ORDER = `
  select w.id, w.cause, w.state,
         jsonb_build_object('kind', w.part_kind, 'slot', w.part_slot, 'oldSerial', w.old_part_serial,
                            'newSerials', to_jsonb(w.new_part_serials)) as part,
         w.assignee, w.notes, w.reason, w.problem, w.outcome, w.attempts, w.burn_in as "burnIn", w.operation_id as "operationId",
         w.validation, w.opened_by as "openedBy", w.closed_at as "closedAt",
         case when w.power_seen_at is not null then
           jsonb_build_object('power', w.power, 'silentBecause', w.power_silent_because, 'at', ${instantSql('w.power_seen_at')}) end as power,
         w.power_word as "powerWord", w.led_lit as "ledLit", ${stamps('w')},
         jsonb_build_object('id', s.id, 'name', s.name, 'serial', s.serial, 'assetTag', s.asset_tag, 'state', s.state,
                            'siteId', s.site_id, 'siteName', si.name, 'rackId', s.rack_id, 'rackName', r.name,
                            'uPosition', s.u_position, 'uHeight', s.u_height, 'face', s.face,
                            'enclosureName', (select e.name from enclosures e where e.id = s.enclosure_id), 'slot', s.slot) as server
    from work_orders w
    join servers s on s.id = w.server_id
    join sites si on si.id = s.site_id
    left join racks r on r.id = s.rack_id`;

/** Refusal `not_found`. */
export async function readWorkOrder(sql: Sql, id: WorkOrderId): Promise<WorkOrderRecord> {
  const [row] = await sql.query<WorkOrderRecord & { power: (PowerSighting & { power: PowerState | null }) | null }>(
    `${SELECT_WORK_ORDER} where w.id = $1`,
    [id],
  );
  if (!row) throw new Refusal('not_found', { kind: 'work_order', id });
  return row;
}

/** Newest first: ids sort by time. */
export async function listWorkOrders(
  sql: Sql,
  { limit, after }: PageRequest,
  { serverId, state, assignee, open }: WorkOrderFilter,
): Promise<Page<WorkOrderRecord>> {
  const rows = await sql.query<WorkOrderRecord>(
    `${SELECT_WORK_ORDER}
      where ($1::text is null or w.id < $1) and ($2::text is null or w.server_id = $2) and ($3::text is null or w.state = $3)
        and ($4::text is null or lower(w.assignee) = lower($4))
        and ($5::bool is null or (w.state not in ('closed', 'cancelled')) = $5)
      order by w.id desc limit $6`,
    [after, serverId ?? null, state ?? null, assignee ?? null, open ?? null, limit + 1],
  );
  return pageOf(rows, limit, (order) => order.id);
}
