// /v1/plans: what would happen, item by item; and carrying it out while nothing has changed.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { bulkOperation } from '@rackwright/api-contract/resources/bulk-operation.ts';
import { newPlan, type NewPlanBody, plan, planItem, planItemFilter } from '@rackwright/api-contract/resources/plan.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import type { PlanChange } from '@rackwright/domain/plans/plan-changes.ts';
import { z } from 'zod';
import { RequestInvalid } from '../http/request-invalid.ts';
import type { Selection } from '../plan-needs.ts';
import { makePlan, seeAgain } from '../plans/make-plan.ts';
import { viewBulkOperation, viewPlan, viewPlanItem } from '../views/plan.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { conditionsOf } from './server-conditions.ts';
import { idempotencyKey, problems, byId } from './schema.ts';
import { idOrRefuse } from './references.ts';

const tags = ['plans'];
const itemQuery = z.strictObject({ ...pageQuery, ...planItemFilter });
const nothingAsked = z.strictObject({}).default({});

export function planRoutes(api: Api, context: RouteContext): void {
  makeRoute(api, context);
  readRoutes(api, context);
  executeRoute(api, context);
}

function makeRoute(api: Api, { needs }: RouteContext): void {
  api.post(
    '/v1/plans',
    {
      schema: {
        operationId: 'createPlan',
        tags,
        description:
          'Tells what an operation on these servers would do: steps, what is in the way, pods and budgets, quorum, disks, durations. ' +
          'Nothing is done, and nothing is reserved.',
        body: newPlan,
        response: { 201: plan, ...problems },
      },
    },
    async (request, reply) => {
      const made = await makePlan(needs, request.body, selectionOf(request.body), request.principal);
      return reply.code(201).header('location', `/v1/plans/${made.id}`).send(viewPlan(made));
    },
  );
}

function readRoutes(api: Api, context: RouteContext): void {
  const { plans } = context.needs.inventory;

  api.get(
    '/v1/plans/:id',
    { schema: { operationId: 'getPlan', tags, params: byId, response: { 200: plan, ...problems } } },
    async (request) => viewPlan(await plans.get(idOrRefuse('plan', request.params.id))),
  );

  api.get(
    '/v1/plans/:id/items',
    {
      schema: {
        operationId: 'listPlanItems',
        tags,
        description: 'In the order in which they would be begun.',
        params: byId,
        querystring: itemQuery,
        response: { 200: pageOf(planItem), ...problems },
      },
    },
    async ({ params, query: { limit, pageToken, ...filter } }) => {
      const { id } = await plans.get(idOrRefuse('plan', params.id));
      const list = { of: 'plan items', id, ...filter };
      return answerPage(context, { limit, pageToken }, list, (page) => plans.items(id, page, filter), viewPlanItem);
    },
  );
}

function executeRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/plans/:id/executions',
    {
      schema: {
        operationId: 'executePlan',
        tags,
        description:
          'Carries the plan out, once: asked again it answers with the same bulk operation. 409 plan_stale names what has changed ' +
          'since the plan, server by server (at most fifty), and nothing is begun.',
        params: byId,
        headers: idempotencyKey,
        body: nothingAsked,
        response: { 202: bulkOperation, ...problems },
      },
    },
    async (request, reply) => {
      const id = idOrRefuse('plan', request.params.id);
      const known = await needs.inventory.plans.get(id);
      // Clusters are looked at before the transaction begins: no lock waits for a network.
      const sights = known.executionId === null ? await seeAgain(needs, known) : {};
      await answerOnce(request, reply, async (within) => {
        const bulkId = makeId('bulk_operation', needs.clock.now(), needs.random(10));
        const result = await within.plans.execute(id, bulkId, request.principal, sights);
        if ('changes' in result) throw stale(result.changes);
        const { execution } = result;
        return { status: 202, headers: { location: `/v1/bulk-operations/${execution.id}` }, body: viewBulkOperation(execution) };
      });
      return reply;
    },
  );
}

function stale(changes: readonly PlanChange[]): RequestInvalid {
  const fields = changes.map(({ code, serverId, name, message }) => ({
    pointer: serverId === null ? `/sights/${name}` : `/servers/${serverId}`,
    code,
    message: `${name}: ${message}`,
  }));
  return new RequestInvalid(fields, 'plan_stale', { changes: changes.length });
}

function selectionOf({ servers }: NewPlanBody): Selection {
  if ('ids' in servers) return { ids: [...new Set(servers.ids)] };
  return { filter: servers.filter, conditions: conditionsOf(servers.filter, '/servers/filter') };
}
