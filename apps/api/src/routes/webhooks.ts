// /v1/webhooks: who is told of events. The worker tells them.
import { name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { newWebhook, webhook, webhookChange, webhookWithSecret } from '@rackwright/api-contract/resources/webhook.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { PUBLIC_TARGETS_ONLY, refuseTarget } from '@rackwright/domain/webhooks/target.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendUncached } from '../http/etags.ts';
import { viewWebhook } from '../views/webhook.ts';
import { changeSeen } from './change-seen.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, name: name.optional() });
const tags = ['webhooks'];
const SECRET_BYTES = 32;

export function webhookRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  createRoute(api, context);
  changeRoutes(api, context);
}

/** Standard Webhooks: 24 to 64 random bytes, in base64 behind `whsec_`. */
export const makeSecret = (random: (bytes: number) => Uint8Array): string =>
  `whsec_${Buffer.from(random(SECRET_BYTES)).toString('base64')}`;

function readRoutes(api: Api, context: RouteContext): void {
  const { webhooks } = context.needs.inventory;

  api.get(
    '/v1/webhooks',
    { schema: { operationId: 'listWebhooks', tags, querystring: listQuery, response: { 200: pageOf(webhook), ...problems } } },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'webhooks', ...filter },
        (page) => webhooks.list(page, filter),
        viewWebhook,
      ),
  );

  api.get(
    '/v1/webhooks/:ref',
    { schema: { operationId: 'getWebhook', tags, params: byRef, response: { 200: webhook, ...problems } } },
    async (request, reply) => sendUncached(reply, viewWebhook(await findNamed('webhook', webhooks, request.params.ref))),
  );
}

function createRoute(api: Api, { needs, config, answerOnce }: RouteContext): void {
  api.post(
    '/v1/webhooks',
    {
      schema: {
        operationId: 'createWebhook',
        tags,
        description:
          'Each event becomes one POST, signed as the Standard Webhooks specification says: webhook-id, webhook-timestamp, ' +
          'webhook-signature. Sent at least once, in order for each server; any answer of 2xx takes it, 410 switches the webhook ' +
          'off, everything else is tried again.',
        headers: idempotencyKey,
        body: newWebhook,
        response: { 201: webhookWithSecret, ...problems },
      },
    },
    async (request, reply) => {
      refuseUnreachable(request.body.url, config);
      await answerOnce(request, reply, async (inventory) => {
        const secret = makeSecret(needs.random);
        const id = makeId('webhook', needs.clock.now(), needs.random(10));
        const made = await inventory.webhooks.create(id, { ...request.body, secret });
        const headers = { location: `/v1/webhooks/${made.id}`, etag: etagOf(made.version), 'cache-control': 'no-store' };
        return { status: 201, headers, body: viewWebhook(made), toldOnce: { secret } };
      });
      return reply;
    },
  );
}

function changeRoutes(api: Api, { needs, config }: RouteContext): void {
  const { webhooks } = needs.inventory;

  api.patch(
    '/v1/webhooks/:ref',
    {
      schema: {
        operationId: 'changeWebhook',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: webhookChange,
        response: { 200: webhook, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      if (request.body.url !== undefined) refuseUnreachable(request.body.url, config);
      const read = () => findNamed('webhook', webhooks, request.params.ref);
      const changed = await changeSeen(expected, read, (current, from) =>
        webhooks.update(current.id, from, withoutUndefined(request.body)),
      );
      return sendUncached(reply, viewWebhook(changed));
    },
  );

  api.delete(
    '/v1/webhooks/:ref',
    { schema: { operationId: 'deleteWebhook', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } } },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await webhooks.delete((await findNamed('webhook', webhooks, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}

function refuseUnreachable(url: string, { webhookTargets }: RouteContext['config']): void {
  const refused = refuseTarget(url, webhookTargets ?? PUBLIC_TARGETS_ONLY);
  if (refused) throw new Refusal('webhook_target_refused', refused);
}
