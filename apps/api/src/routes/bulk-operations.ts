// /v1/bulk-operations: how far they are, item by item; pausing, resuming, cancelling.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import {
  bulkFilter,
  bulkItem,
  bulkItemFilter,
  bulkOperation,
  cancelBulk,
} from '@rackwright/api-contract/resources/bulk-operation.ts';
import { z } from 'zod';
import { viewBulkItem, viewBulkOperation } from '../views/plan.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { problems, byId } from './schema.ts';
import { idOrRefuse } from './references.ts';

const tags = ['bulk-operations'];
const listQuery = z.strictObject({ ...pageQuery, ...bulkFilter });
const itemQuery = z.strictObject({ ...pageQuery, ...bulkItemFilter });
const nothingAsked = z.strictObject({}).default({});
const answers = { 200: bulkOperation, ...problems };

export function bulkOperationRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  pauseRoutes(api, context);
  cancelRoute(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { bulkOperations } = context.needs.inventory;

  api.get(
    '/v1/bulk-operations',
    {
      schema: {
        operationId: 'listBulkOperations',
        tags,
        description: 'Newest first.',
        querystring: listQuery,
        response: { 200: pageOf(bulkOperation), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'bulk operations', ...filter },
        (page) => bulkOperations.list(page, filter),
        viewBulkOperation,
      ),
  );

  api.get(
    '/v1/bulk-operations/:id',
    { schema: { operationId: 'getBulkOperation', tags, params: byId, response: answers } },
    async (request) => viewBulkOperation(await bulkOperations.get(idOrRefuse('bulk_operation', request.params.id))),
  );

  api.get(
    '/v1/bulk-operations/:id/items',
    {
      schema: {
        operationId: 'listBulkOperationItems',
        tags,
        description: 'Each with its operation and what came of it.',
        params: byId,
        querystring: itemQuery,
        response: { 200: pageOf(bulkItem), ...problems },
      },
    },
    async ({ params, query: { limit, pageToken, ...filter } }) => {
      const { id } = await bulkOperations.get(idOrRefuse('bulk_operation', params.id));
      const list = { of: 'bulk items', id, ...filter };
      return answerPage(context, { limit, pageToken }, list, (page) => bulkOperations.items(id, page, filter), viewBulkItem);
    },
  );
}

function pauseRoutes(api: Api, { needs }: RouteContext): void {
  const { bulkOperations } = needs.inventory;
  const routes = {
    pause: ['pauseBulkOperation', 'Nothing more begins; what runs goes on to its end. May be repeated.'],
    resume: ['resumeBulkOperation', 'Goes on, also after it stopped by itself: failures so far are forgiven. May be repeated.'],
  } as const;
  for (const verb of ['pause', 'resume'] as const) {
    const [operationId, description] = routes[verb];
    api.post(
      `/v1/bulk-operations/:id/${verb}`,
      { schema: { operationId, tags, description, params: byId, body: nothingAsked, response: answers } },
      async (request) =>
        viewBulkOperation(await bulkOperations[verb](idOrRefuse('bulk_operation', request.params.id), request.principal)),
    );
  }
}

function cancelRoute(api: Api, { needs, onError }: RouteContext): void {
  api.post(
    '/v1/bulk-operations/:id/cancel',
    {
      schema: {
        operationId: 'cancelBulkOperation',
        tags,
        description:
          'What has not begun is skipped. What runs goes on to its end, or with running: cancel is cancelled too. May be repeated.',
        params: byId,
        body: cancelBulk.default({ running: 'finish', reason: '' }),
        response: answers,
      },
    },
    async (request) => {
      const { running, reason } = request.body;
      const { bulk, cancelled } = await needs.inventory.bulkOperations.cancel(idOrRefuse('bulk_operation', request.params.id), {
        running,
        by: request.principal,
        reason,
      });
      for (const id of cancelled) await needs.wakeUp(id).catch(onError);
      return viewBulkOperation(bulk);
    },
  );
}
