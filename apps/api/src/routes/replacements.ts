// /v1/servers/{ref}/replacements and /v1/replacements: which spare and why, then until the broken one is out.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { cancelOperation } from '@rackwright/api-contract/resources/operation.ts';
import {
  dryRun,
  newReplacement,
  replacement,
  replacementFilter,
  replacementPlan,
} from '@rackwright/api-contract/resources/replacement.ts';
import { makeId, type OperationId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { requireIdempotencyKey } from '../http/idempotent.ts';
import { viewPlan, viewReplacement } from '../views/replacement.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { findServer, refuseUnknownReferences, idOrRefuse } from './references.ts';
import { byRef, idempotencyKey, problems, byId } from './schema.ts';

const tags = ['replacements'];
const listQuery = z.strictObject({ ...pageQuery, ...replacementFilter });

export function replacementRoutes(api: Api, context: RouteContext): void {
  beginRoute(api, context);
  readRoutes(api, context);
  cancelRoute(api, context);
}

function beginRoute(api: Api, { needs, answerOnce, onError }: RouteContext): void {
  api.post(
    '/v1/servers/:ref/replacements',
    {
      schema: {
        operationId: 'replaceServer',
        tags,
        description:
          'A spare of the same site, the same failure domain first, gets the cluster, image and labels of this server under its own name; ' +
          'then this server is released. With dryRun=true: which spare, and why not the others (200). Else an Idempotency-Key is required.',
        params: byRef,
        querystring: dryRun,
        headers: idempotencyKey,
        body: newReplacement,
        response: { 200: replacementPlan, 202: replacement, ...problems },
      },
    },
    async (request, reply) => {
      const { reason, ...asked } = request.body;
      if (request.query.dryRun === 'true') {
        const { id: serverId } = await findServer(needs.inventory, request.params.ref);
        const planned = { ...asked, serverId };
        return reply.code(200).send(viewPlan(planned, await needs.inventory.replacements.plan(planned)));
      }
      requireIdempotencyKey(request);
      let toWake: OperationId | undefined;
      await answerOnce(request, reply, async (within) => {
        const { id: serverId } = await findServer(within, request.params.ref);
        await refuseUnknownReferences(within, { imageDigest: asked.imageDigest });
        const id = makeId('replacement', needs.clock.now(), needs.random(10));
        const who = { requestedBy: request.principal, reason };
        const begun = await within.replacements.begin(id, { ...asked, serverId }, who);
        toWake = begun.operationId;
        return { status: 202, headers: { location: `/v1/replacements/${id}` }, body: viewReplacement(begun.replacement) };
      });
      if (toWake !== undefined) await needs.wakeUp(toWake).catch(onError);
      return reply;
    },
  );
}

function readRoutes(api: Api, context: RouteContext): void {
  const { replacements } = context.needs.inventory;

  api.get(
    '/v1/replacements',
    {
      schema: {
        operationId: 'listReplacements',
        tags,
        description: 'Newest first.',
        querystring: listQuery,
        response: { 200: pageOf(replacement), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'replacements', ...filter },
        (page) => replacements.list(page, filter),
        viewReplacement,
      ),
  );

  api.get(
    '/v1/replacements/:id',
    { schema: { operationId: 'getReplacement', tags, params: byId, response: { 200: replacement, ...problems } } },
    async ({ params: { id } }) => viewReplacement(await replacements.get(idOrRefuse('replacement', id))),
  );
}

function cancelRoute(api: Api, { answerOnce }: RouteContext): void {
  api.post(
    '/v1/replacements/:id/cancel',
    {
      schema: {
        operationId: 'cancelReplacement',
        tags,
        description:
          'Nothing more is begun; operations that run on its servers go on, and are cancelled by themselves. May be repeated.',
        params: byId,
        headers: idempotencyKey,
        body: cancelOperation,
        response: { 200: replacement, ...problems },
      },
    },
    async (request, reply) => {
      const id = idOrRefuse('replacement', request.params.id);
      await answerOnce(request, reply, async (within) => {
        const cancelled = await within.replacements.cancel(id, request.principal, request.body.reason);
        return { status: 200, headers: {}, body: viewReplacement(cancelled) };
      });
      return reply;
    },
  );
}
