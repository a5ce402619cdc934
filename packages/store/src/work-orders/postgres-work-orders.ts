// Work orders as the API opens, lists and moves them.
import type { OperationId, WorkOrderId } from '@rackwright/domain/ids.ts';
import { type Page, type PageRequest, type Work } from '../inventory/work.ts';
import type { Expected } from '../servers/move-server.ts';
import { actOnWorkOrder, type WorkOrderAction } from './act-on-work-order.ts';
import { type NewWorkOrder, openWorkOrder } from './open-work-order.ts';
import { listWorkOrders, readWorkOrder, type WorkOrderFilter, type WorkOrderRecord } from './read-work-order.ts';
import { type Scan, verifyScan } from './verify-scan.ts';

export function postgresWorkOrders(work: Work) {
  return {
    get: (id: WorkOrderId): Promise<WorkOrderRecord> => readWorkOrder(work.read, id),
    list: (page: PageRequest, filter: WorkOrderFilter): Promise<Page<WorkOrderRecord>> => listWorkOrders(work.read, page, filter),

    /** The one that is open for this cause already, or a new one. */
    open: (id: WorkOrderId, order: NewWorkOrder): Promise<{ order: WorkOrderRecord; opened: boolean }> =>
      work.write(async (tx) => {
        const made = await openWorkOrder(tx, order, id);
        return { order: await readWorkOrder(tx, made.id), opened: made.opened };
      }),

    verify: (id: WorkOrderId, expected: Expected, scan: Scan): Promise<WorkOrderRecord> => verifyScan(work, id, expected, scan),

    act: (
      id: WorkOrderId,
      expected: Expected,
      action: WorkOrderAction,
      by: string,
    ): Promise<{ order: WorkOrderRecord; began: OperationId | undefined }> =>
      work.write(async (tx) => {
        const { began } = await actOnWorkOrder(tx, id, expected, action, by);
        return { order: await readWorkOrder(tx, id), began };
      }),
  };
}
