// POST /v1/work-orders/{id}/…: what people do to a work order, each for the version that they saw.
import {
  arriveAtWorkOrder,
  assignWorkOrder,
  blockWorkOrder,
  cancelWorkOrder,
  closeWorkOrder,
  confirmWorkOrderOff,
  drainWorkOrder,
  finishWorkOrder,
  startWorkOrder,
  verifyWorkOrder,
  workOrder,
} from '@rackwright/api-contract/resources/work-order.ts';
import { missingFor } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeId, type OperationId, type WorkOrderId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { expectedVersion, sendVersioned } from '../http/etags.ts';
import type { Inventory } from '../needs.ts';
import { viewWorkOrder } from '../views/work-order.ts';
import type { WorkOrderAction } from '../work-order-needs.ts';
import type { Api, RouteContext } from './context.ts';
import { byId, ifMatch, problems } from './schema.ts';
import { idOrRefuse } from './references.ts';

const tags = ['work-orders'];

export function workOrderActionRoutes(api: Api, context: RouteContext): void {
  const fresh = (): OperationId => makeId('operation', context.needs.clock.now(), context.needs.random(10));
  const action = <Body extends z.ZodType>(named: Named<Body>) => actionRoute(api, context, named);

  verifyRoute(api, context);
  action({
    path: 'assign',
    description: 'To a technician. Whoever takes over from another scans anew.',
    body: assignWorkOrder,
    act: (body) => ({ do: 'assign', ...body }),
  });
  action({
    path: 'arrive',
    description: 'The assignee stands at the rack: the identify light goes on.',
    body: arriveAtWorkOrder,
    act: (body) => ({ do: 'arrive', ...body }),
  });
  action({
    path: 'drain',
    description:
      'Begins `isolate`: the server leaves its cluster and is switched off. Again when somebody switched it on meanwhile.',
    body: drainWorkOrder,
    begins: 'isolate',
    act: (body) => ({ do: 'drain', ...body, operationId: fresh() }),
  });
  action({
    path: 'confirm-off',
    description: 'A named person’s word that it has no power; counts while its BMC says nothing.',
    body: confirmWorkOrderOff,
    act: (body) => ({ do: 'confirm_off', ...body }),
  });
  action({
    path: 'start',
    description: 'Hands go in: refused unless it is safe to pull at this moment.',
    body: startWorkOrder,
    act: (body) => ({ do: 'start', ...body }),
  });
  action({
    path: 'finish',
    description: 'Begins `validate`: parts are counted and burnt in, then the order closes or is open again.',
    body: finishWorkOrder,
    begins: 'validate',
    act: (body) => ({ do: 'finish', ...body, operationId: fresh() }),
  });
  action({ path: 'block', description: 'It cannot go on.', body: blockWorkOrder, act: (body) => ({ do: 'block', ...body }) });
  action({ path: 'cancel', description: 'Not to be done.', body: cancelWorkOrder, act: (body) => ({ do: 'cancel', ...body }) });
  action({
    path: 'close',
    description: 'Given up (returned_to_vendor, scrapped: retire the server then), or repaired without opening it.',
    body: closeWorkOrder,
    act: (body) => ({ do: 'close', ...body }),
  });
}

type Named<Body extends z.ZodType> = {
  path: string;
  description: string;
  body: Body;
  act: (body: z.infer<Body>) => WorkOrderAction;
  /** What it asks of the server. */
  begins?: 'isolate' | 'validate';
};

function actionRoute<Body extends z.ZodType>(
  api: Api,
  { needs, onError }: RouteContext,
  { path, description, body, act, begins }: Named<Body>,
): void {
  const { inventory, clock } = needs;
  const word = path.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  api.post(
    `/v1/work-orders/:id/${path}`,
    {
      schema: {
        operationId: `${word}WorkOrder`,
        tags,
        description,
        params: byId,
        headers: ifMatch,
        body,
        response: { 200: workOrder, ...problems },
      },
    },
    async (request, reply) => {
      const id = idOrRefuse('work_order', request.params.id);
      const wanted = act(request.body as z.infer<Body>);
      if (begins) await refuseIncomplete(inventory, id, begins);
      const { order, began } = await inventory.workOrders.act(id, expectedVersion(request), wanted, request.principal);
      // It is written: should the queue be away, the sweep wakes it.
      if (began !== undefined) await needs.wakeUp(began).catch(onError);
      return sendVersioned(request, reply, viewWorkOrder(order, clock.now()));
    },
  );
}

/** Said now rather than by an operation that fails with the machine off. */
async function refuseIncomplete(inventory: Inventory, id: WorkOrderId, type: 'isolate' | 'validate'): Promise<void> {
  const { server } = await inventory.workOrders.get(id);
  const [missing] = missingFor(type, await inventory.servers.get(server.id));
  if (missing !== undefined) throw new Refusal(missing, { server: server.name });
}

function verifyRoute(api: Api, { needs }: RouteContext): void {
  const { inventory, clock } = needs;
  api.post(
    '/v1/work-orders/:id/verify',
    {
      schema: {
        operationId: 'verifyWorkOrder',
        tags,
        description:
          'The scan of the machine’s serial or asset tag: without the right one nothing of it is drained or switched off.',
        params: byId,
        headers: ifMatch,
        body: verifyWorkOrder,
        response: { 200: workOrder, ...problems },
      },
    },
    async (request, reply) => {
      const scan = { ...request.body, by: request.principal };
      const order = await inventory.workOrders.verify(
        idOrRefuse('work_order', request.params.id),
        expectedVersion(request),
        scan,
      );
      return sendVersioned(request, reply, viewWorkOrder(order, clock.now()));
    },
  );
}
