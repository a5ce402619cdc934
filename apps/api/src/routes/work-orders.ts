// /v1/work-orders: opening them, finding them, and looking at one from the aisle.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { newWorkOrder, workOrder, workOrderFilter } from '@rackwright/api-contract/resources/work-order.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, sendUncached } from '../http/etags.ts';
import { viewWorkOrder } from '../views/work-order.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { idempotencyKey, problems, byId } from './schema.ts';
import { idOrRefuse } from './references.ts';

const listQuery = z.strictObject({ ...pageQuery, ...workOrderFilter });
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
      const order = await workOrders.get(idOrRefuse('work_order', request.params.id));
      reply.header('cache-control', 'no-store');
      return sendUncached(reply, viewWorkOrder(order, clock.now()));
    },
  );
}
