// What is done to a webhook: another secret, on, off, a test.
import {
  deliveryWithBody,
  enableWebhook,
  rotateSecret,
  webhook,
  webhookWithSecret,
} from '@rackwright/api-contract/resources/webhook.ts';
import { z } from 'zod';
import { etagOf, sendUncached } from '../http/etags.ts';
import { viewDelivery, viewWebhook } from '../views/webhook.ts';
import type { Api, RouteContext } from './context.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, problems } from './schema.ts';
import { makeSecret } from './webhooks.ts';

const tags = ['webhooks'];
const nothingAsked = z.strictObject({});

export function webhookOperationRoutes(api: Api, context: RouteContext): void {
  rotateRoute(api, context);
  switchRoutes(api, context);
  testRoute(api, context);
}

function rotateRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/webhooks/:ref/rotate-secret',
    {
      schema: {
        operationId: 'rotateWebhookSecret',
        tags,
        description: 'Until the overlap ends each message carries a signature by every secret that is still valid.',
        params: byRef,
        headers: idempotencyKey,
        body: rotateSecret,
        response: { 200: webhookWithSecret, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('webhook', needs.inventory.webhooks, request.params.ref);
      await answerOnce(request, reply, async (inventory) => {
        const secret = makeSecret(needs.random);
        const changed = await inventory.webhooks.rotateSecret(id, secret, request.body.overlapSeconds);
        const headers = { etag: etagOf(changed.version), 'cache-control': 'no-store' };
        return { status: 200, headers, body: viewWebhook(changed), toldOnce: { secret } };
      });
      return reply;
    },
  );
}

function switchRoutes(api: Api, { needs }: RouteContext): void {
  const { webhooks } = needs.inventory;

  api.post(
    '/v1/webhooks/:ref/enable',
    {
      schema: {
        operationId: 'enableWebhook',
        tags,
        description: 'Goes on where it stopped, or with what happens from now on. May be repeated.',
        params: byRef,
        body: enableWebhook,
        response: { 200: webhook, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('webhook', webhooks, request.params.ref);
      return sendUncached(reply, viewWebhook(await webhooks.enable(id, request.body.backlog, request.principal)));
    },
  );

  api.post(
    '/v1/webhooks/:ref/disable',
    {
      schema: {
        operationId: 'disableWebhook',
        tags,
        description: 'What happens meanwhile waits, as long as events are kept. May be repeated.',
        params: byRef,
        body: nothingAsked,
        response: { 200: webhook, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('webhook', webhooks, request.params.ref);
      return sendUncached(reply, viewWebhook(await webhooks.disable(id, request.principal)));
    },
  );
}

function testRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/webhooks/:ref/test',
    {
      schema: {
        operationId: 'testWebhook',
        tags,
        description: 'Sends a message of type webhook.test, once; the delivery tells what came of it.',
        params: byRef,
        headers: idempotencyKey,
        body: nothingAsked,
        response: { 202: deliveryWithBody, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('webhook', needs.inventory.webhooks, request.params.ref);
      await answerOnce(request, reply, async (inventory) => {
        const made = await inventory.webhooks.sendTest(id, new Date(needs.clock.now()).toISOString());
        return { status: 202, headers: { location: `/v1/webhooks/${id}/deliveries/${made.id}` }, body: viewDelivery(made) };
      });
      return reply;
    },
  );
}
