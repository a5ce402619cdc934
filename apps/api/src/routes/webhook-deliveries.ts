// /v1/webhooks/{ref}/deliveries: what was sent, what waits, what came of it; and the same again.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { delivery, DELIVERY_STATES, deliveryWithBody } from '@rackwright/api-contract/resources/webhook.ts';
import { z } from 'zod';
import { viewDelivery } from '../views/webhook.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { findNamed, idOrRefuse } from './references.ts';
import { byRef, idempotencyKey, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, state: z.enum(DELIVERY_STATES).optional() });
const byDelivery = byRef.extend({ delivery: z.string().min(1).max(64) });
const tags = ['webhooks'];

export function deliveryRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  redeliverRoute(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { webhooks } = context.needs.inventory;

  api.get(
    '/v1/webhooks/:ref/deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        tags,
        description: 'Newest first. What ended is kept a week, and at most ten thousand of a webhook.',
        params: byRef,
        querystring: listQuery,
        response: { 200: pageOf(delivery), ...problems },
      },
    },
    async ({ params, query: { limit, pageToken, ...filter } }) => {
      const { id } = await findNamed('webhook', webhooks, params.ref);
      const read = (page: Parameters<typeof webhooks.deliveries>[1]) => webhooks.deliveries(id, page, filter);
      return answerPage(context, { limit, pageToken }, { of: `deliveries of ${id}`, ...filter }, read, viewDelivery);
    },
  );

  api.get(
    '/v1/webhooks/:ref/deliveries/:delivery',
    {
      schema: { operationId: 'getWebhookDelivery', tags, params: byDelivery, response: { 200: deliveryWithBody, ...problems } },
    },
    async ({ params }) => {
      const { id } = await findNamed('webhook', webhooks, params.ref);
      return viewDelivery(await webhooks.delivery(id, idOrRefuse('delivery', params.delivery)));
    },
  );
}

function redeliverRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/webhooks/:ref/deliveries/:delivery/redeliver',
    {
      schema: {
        operationId: 'redeliverWebhookDelivery',
        tags,
        description:
          'Sends the same message with the same webhook-id. One that ended leaves beside the others, out of order; one that waits ' +
          'is due at once, in its turn.',
        params: byDelivery,
        headers: idempotencyKey,
        body: z.strictObject({}),
        response: { 202: deliveryWithBody, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('webhook', needs.inventory.webhooks, request.params.ref);
      const wanted = idOrRefuse('delivery', request.params.delivery);
      await answerOnce(request, reply, async (inventory) => {
        const again = await inventory.webhooks.redeliver(id, wanted);
        return { status: 202, headers: { location: `/v1/webhooks/${id}/deliveries/${again.id}` }, body: viewDelivery(again) };
      });
      return reply;
    },
  );
}
