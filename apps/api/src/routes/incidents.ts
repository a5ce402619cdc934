// /v1/incidents: what a person should look at; opened and closed by Rackwright, acknowledged by people.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { acknowledgeIncident, incident, incidentFilter } from '@rackwright/api-contract/resources/incident.ts';
import { z } from 'zod';
import { viewIncident } from '../views/incident.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { problems } from './schema.ts';
import { idOrRefuse } from './references.ts';

const byId = z.object({ id: z.string().min(1).max(128) });
const tags = ['incidents'];

export function incidentRoutes(api: Api, context: RouteContext): void {
  const { incidents } = context.needs.inventory;

  api.get(
    '/v1/incidents',
    {
      schema: {
        operationId: 'listIncidents',
        tags,
        description: 'Newest first; those that are open unless told.',
        querystring: z.strictObject({ ...pageQuery, ...incidentFilter }),
        response: { 200: pageOf(incident), ...problems },
      },
    },
    ({ query: { limit, pageToken, state, type, scopeId } }) => {
      const filter = { open: state === 'any' ? undefined : state === 'open', type, scopeId };
      const list = {
        of: 'incidents',
        state,
        ...(type === undefined ? {} : { type }),
        ...(scopeId === undefined ? {} : { scopeId }),
      };
      return answerPage(context, { limit, pageToken }, list, (page) => incidents.list(page, filter), viewIncident);
    },
  );

  api.get(
    '/v1/incidents/:id',
    { schema: { operationId: 'getIncident', tags, params: byId, response: { 200: incident, ...problems } } },
    async ({ params: { id } }) => viewIncident(await incidents.get(idOrRefuse('incident', id))),
  );

  api.post(
    '/v1/incidents/:id/acknowledge',
    {
      schema: {
        operationId: 'acknowledgeIncident',
        tags,
        description:
          'Somebody looks at it. It closes by itself when its reason is gone. May be repeated: the first stands on file.',
        params: byId,
        body: acknowledgeIncident,
        response: { 200: incident, ...problems },
      },
    },
    async ({ params: { id }, body, principal }) =>
      viewIncident(await incidents.acknowledge(idOrRefuse('incident', id), principal, body.note)),
  );
}
