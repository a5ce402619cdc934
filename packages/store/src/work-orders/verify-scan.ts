// The scan at the rack: the right machine lets the order go on; a wrong one is kept in the timeline and refused by name.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { WorkOrderId } from '@rackwright/domain/ids.ts';
import { scanMatches } from '@rackwright/domain/work-orders/table.ts';
import type { Work } from '../inventory/work.ts';
import type { Expected } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';
import { lockWorkOrder, moveWorkOrder } from './move-work-order.ts';
import { readWorkOrder, type WorkOrderRecord } from './read-work-order.ts';

export type Scan = { person: string; scan: string; by: string };

/** Refusals `wrong_machine_scanned`, `precondition_failed`, `work_order_not_allowed`, `work_order_not_yours`. */
export async function verifyScan(work: Work, id: WorkOrderId, expected: Expected, scan: Scan): Promise<WorkOrderRecord> {
  const wrong = await work.write((tx) => verify(tx, id, expected, scan));
  // After the commit: that somebody stood before the wrong machine is to be remembered.
  if (wrong) throw wrong;
  return readWorkOrder(work.read, id);
}

async function verify(
  tx: Transaction,
  id: WorkOrderId,
  expected: Expected,
  { person, scan, by }: Scan,
): Promise<Refusal | undefined> {
  const order = await lockWorkOrder(tx, id, expected);
  const { server } = await readWorkOrder(tx, id);
  const right = scanMatches(scan, server);
  // Also for a wrong scan: who may not verify at all is told that first.
  if (right || order.state !== 'on_site') await moveWorkOrder(tx, order, { event: 'verify', by, person });
  if (right) return undefined;
  const standsBefore = await whoseLabel(tx, scan);
  const facts = {
    // What is no label of ours may be the password that is printed beside it: it is neither kept nor told.
    scanned: standsBefore === undefined ? `something of ${scan.trim().length} characters` : scan.trim(),
    expectedSerial: server.serial ?? 'none',
    expectedAssetTag: server.assetTag ?? 'none',
    expected: placeOf(server),
    standsBefore: standsBefore ?? 'a machine that is not on file',
  };
  tx.emit({
    kind: 'work_order.scan_refused',
    subject: { kind: 'work_order', id },
    serverId: order.serverId,
    payload: { ...facts, person, by },
  });
  return new Refusal('wrong_machine_scanned', facts);
}

type Place = {
  name: string;
  rackName: string | null;
  uPosition: number | null;
  enclosureName: string | null;
  slot: number | null;
};

function placeOf({ name, rackName, uPosition, enclosureName, slot }: Place): string {
  if (rackName === null) return name;
  if (enclosureName !== null) return `${name} (rack ${rackName}, slot ${slot} of ${enclosureName})`;
  return `${name} (rack ${rackName}${uPosition === null ? '' : ` U${uPosition}`})`;
}

/** Where that person stands now, when the label is one that we know. */
async function whoseLabel(tx: Transaction, scan: string): Promise<string | undefined> {
  const [other] = await tx.query<Place>(
    `select s.name, r.name as "rackName", s.u_position as "uPosition", e.name as "enclosureName", s.slot
       from servers s left join racks r on r.id = s.rack_id left join enclosures e on e.id = s.enclosure_id
      where lower(s.serial) = lower($1) or lower(s.asset_tag) = lower($1) limit 1`,
    [scan.trim()],
  );
  return other && placeOf(other);
}
