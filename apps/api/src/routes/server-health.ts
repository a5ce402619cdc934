// /v1/servers/{ref}/health and /v1/health-policy: what the health controller sees, decides and may do.
import { healthPolicy, healthPolicyChange, serverHealth } from '@rackwright/api-contract/resources/health.ts';
import { expectedVersion, sendVersioned } from '../http/etags.ts';
import { viewHealthPolicy, viewServerHealth } from '../views/health.ts';
import type { Api, RouteContext } from './context.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findServer } from './references.ts';
import { byRef, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const tags = ['health'];

export function serverHealthRoutes(api: Api, { needs }: RouteContext): void {
  const { inventory } = needs;

  api.get(
    '/v1/servers/:ref/health',
    {
      schema: {
        operationId: 'getServerHealth',
        tags,
        description:
          'Signals since when, what is done or not done because of them, why, and what would change that. See docs/health.md.',
        params: byRef,
        response: { 200: serverHealth, ...problems },
      },
    },
    async (request) => {
      const server = await findServer(inventory, request.params.ref);
      return viewServerHealth(server, await inventory.health.of(server.id));
    },
  );

  api.delete(
    '/v1/servers/:ref/health/findings',
    {
      schema: {
        operationId: 'forgetServerFindings',
        tags,
        description: 'Somebody looked, and what the BMC reported is mended: a hot-swapped power supply, say. May be repeated.',
        params: byRef,
        response: { 204: nothing, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findServer(inventory, request.params.ref);
      await inventory.health.forgetFindings(id, request.principal);
      return reply.code(204).send();
    },
  );
  policyRoutes(api, needs);
}

function policyRoutes(api: Api, { inventory }: RouteContext['needs']): void {
  api.get(
    '/v1/health-policy',
    { schema: { operationId: 'getHealthPolicy', tags, response: { 200: healthPolicy, ...problems } } },
    async (request, reply) => sendVersioned(request, reply, viewHealthPolicy(await inventory.healthPolicy.get())),
  );

  api.patch(
    '/v1/health-policy',
    {
      schema: {
        operationId: 'changeHealthPolicy',
        tags,
        description: 'paused: true stops everything that the controller would begin, at its next round.',
        consumes: [MERGE_PATCH],
        headers: ifMatch,
        body: healthPolicyChange,
        response: { 200: healthPolicy, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const change = withoutUndefined(request.body);
      return sendVersioned(
        request,
        reply,
        viewHealthPolicy(await inventory.healthPolicy.update(expected, change, request.principal)),
      );
    },
  );
}
