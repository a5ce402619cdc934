// /v1/sites/{ref}/cold-start-plan, /v1/sites/{ref}/cold-starts and /v1/cold-starts/{id}: bringing a site back, wave by wave.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import {
  coldStart,
  coldStartPlan,
  coldStartSummary,
  newColdStart,
  seenSince,
} from '@rackwright/api-contract/resources/cold-start.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { viewColdStart, viewColdStartPlan, viewColdStartSummary } from '../views/power.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { findNamed, idOrRefuse } from './references.ts';
import { byRef, idempotencyKey, problems, byId } from './schema.ts';

const tags = ['power'];

export function coldStartRoutes(api: Api, context: RouteContext): void {
  readSiteRoutes(api, context);
  beginRoute(api, context);
  oneRoutes(api, context);
}

function readSiteRoutes(api: Api, context: RouteContext): void {
  const { coldStarts, sites } = context.needs.inventory;

  api.get(
    '/v1/sites/:ref/cold-start-plan',
    {
      schema: {
        operationId: 'planColdStart',
        tags,
        description: 'Who would go on in which wave, when, and who is left out and why. Changes nothing.',
        params: byRef,
        querystring: z.strictObject({ seenSince: seenSince.optional() }),
        response: { 200: coldStartPlan, ...problems },
      },
    },
    async ({ params: { ref }, query }) => {
      const { id } = await findNamed('site', sites, ref);
      return viewColdStartPlan(id, await coldStarts.plan(id, query.seenSince ?? null));
    },
  );

  api.get(
    '/v1/sites/:ref/cold-starts',
    {
      schema: {
        operationId: 'listColdStarts',
        tags,
        description: 'Newest first, without plan and servers: `GET /v1/cold-starts/{id}` has them.',
        params: byRef,
        querystring: z.strictObject(pageQuery),
        response: { 200: pageOf(coldStartSummary), ...problems },
      },
    },
    async ({ params: { ref }, query }) => {
      const { id: siteId } = await findNamed('site', sites, ref);
      return answerPage(
        context,
        query,
        { of: 'coldStarts', siteId },
        (page) => coldStarts.list(page, { siteId }),
        viewColdStartSummary,
      );
    },
  );
}

function beginRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/sites/:ref/cold-starts',
    {
      schema: {
        operationId: 'beginColdStart',
        tags,
        description: 'By the plan of this moment; one at a time per site.',
        params: byRef,
        headers: idempotencyKey,
        body: newColdStart,
        response: { 202: coldStart, ...problems },
      },
    },
    async (request, reply) => {
      await answerOnce(request, reply, async (within) => {
        const { id: siteId } = await findNamed('site', within.sites, request.params.ref);
        const asked = { siteId, requestedBy: request.principal, ...request.body };
        const begun = await within.coldStarts.begin(makeId('cold_start', needs.clock.now(), needs.random(10)), asked);
        return { status: 202, headers: { location: `/v1/cold-starts/${begun.id}` }, body: viewColdStart(begun) };
      });
      return reply;
    },
  );
}

const CHANGES = {
  pause: 'No further wave begins; what was begun goes on. May be repeated.',
  resume: 'Goes on, also past what did not come up so far. May be repeated.',
  cancel: 'Nothing else is begun; what was begun goes on. May be repeated.',
} as const;

function oneRoutes(api: Api, { needs }: RouteContext): void {
  const { coldStarts } = needs.inventory;

  api.get(
    '/v1/cold-starts/:id',
    { schema: { operationId: 'getColdStart', tags, params: byId, response: { 200: coldStart, ...problems } } },
    async ({ params: { id } }) => viewColdStart(await coldStarts.get(idOrRefuse('cold_start', id))),
  );

  for (const [change, description] of Object.entries(CHANGES) as [keyof typeof CHANGES, string][]) {
    api.post(
      `/v1/cold-starts/:id/${change}`,
      {
        schema: {
          operationId: `${change}ColdStart`,
          tags,
          description,
          params: byId,
          body: z.strictObject({}).meta({ id: 'ColdStartChange' }),
          response: { 200: coldStart, ...problems },
        },
      },
      async ({ params: { id }, principal }) => viewColdStart(await coldStarts[change](idOrRefuse('cold_start', id), principal)),
    );
  }
}
