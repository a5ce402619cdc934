// /v1/work-orders: opening them, finding them, and looking at one from the aisle.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { newWorkOrder, workOrder, workOrderFilter } from '@rackwright/api-contract/resources/work-order.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { isId, makeId, type WorkOrderId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf } from '../http/etags.ts';
import { viewWorkOrder } from '../views/work-order.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { idempotencyKey, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, ...workOrderFilter });
const byId = z.object({ id: z.string().max(64) });
const tags = ['work-orders'];

export function workOrderRoutes(api: Api, context: RouteContext): void {
  createRoute(api, context);
  readRoutes(api, context);
}

function createRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  const { clock } = needs;
  api.post(
    '/v1/work-orders',
    {
      schema: {
        operationId: 'openWorkOrder',
        tags,
        description: '201: opened. 200: an order of this server with the same cause is not over yet; it is answered.',
        headers: idempotencyKey,
        body: newWorkOrder,
        response: { 200: workOrder, 201: workOrder, ...problems },
      },
    },
    async (request, reply) => {
      const { body, principal } = request;
      await answerOnce(request, reply, async ({ workOrders }) => {
        const id = makeId('work_order', clock.now(), needs.random(10));
        const { order, opened } = await workOrders.open(id, { ...body, openedBy: principal });
        const headers = { location: `/v1/work-orders/${order.id}`, etag: etagOf(order.version) };
        return { status: opened ? 201 : 200, headers, body: viewWorkOrder(order, clock.now()) };
      });
      return reply;
    },
  );
}

function readRoutes(api: Api, context: RouteContext): void {
  const { clock, inventory } = context.needs;
  const { workOrders } = inventory;

  api.get(
    '/v1/work-orders',
    {
      schema: {
        operationId: 'listWorkOrders',
        tags,
        description: 'Newest first.',
        querystring: listQuery,
        response: { 200: pageOf(workOrder), ...problems },
      },
    },
    ({ query: { limit, pageToken, open, ...filter } }) => {
      const wanted = { ...filter, open: open === undefined ? undefined : open === 'true' };
      const list = { of: 'workOrders', ...wanted };
      const read = (page: { limit: number; after: string | null }) => workOrders.list(page, wanted);
      return answerPage(context, { limit, pageToken }, list, read, (order) => viewWorkOrder(order, clock.now()));
    },
  );

  api.get(
    '/v1/work-orders/:id',
    {
      schema: {
        operationId: 'getWorkOrder',
        tags,
        description: 'Where it is, what its light and power are, and whether it is safe to pull now.',
        params: byId,
        response: { 200: workOrder, ...problems },
      },
    },
    async (request, reply) => {
      const order = await workOrders.get(workOrderId(request.params.id));
      reply.header('cache-control', 'no-store');
      // Power and light change without a new version: nobody may be told that he knows it already.
      reply.header('etag', etagOf(order.version));
      return viewWorkOrder(order, clock.now());
    },
  );
}

export function workOrderId(text: string): WorkOrderId {
  if (!isId('work_order', text)) throw new Refusal('not_found', { kind: 'work_order', id: text });
  return text;
}
