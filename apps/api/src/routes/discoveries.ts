// /v1/discoveries: machines on no file, with the place they probably stand in; a person accepts or rejects them.
import { macKey, toMac } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { acceptDiscovery, discovery, type DiscoveryView, rejectDiscovery } from '@rackwright/api-contract/resources/discovery.ts';
import { server } from '@rackwright/api-contract/resources/server.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf } from '../http/etags.ts';
import type { DiscoveryRecord } from '../records.ts';
import { viewServer } from '../views/server.ts';
import type { Api, RouteContext } from './context.ts';
import { serverFromDiscovery } from './discovered-server.ts';
import { answerPage } from './lists.ts';
import { idempotencyKey, problems } from './schema.ts';
import { refuseImpossiblePlace } from './server-change.ts';

const listQuery = z.strictObject({
  ...pageQuery,
  rejected: z.enum(['true', 'false']).default('false').meta({ description: 'true: those that were rejected instead.' }),
});
const byMac = z.object({ mac: macKey });
const tags = ['discoveries'];

export function discoveryRoutes(api: Api, context: RouteContext): void {
  const { discoveries } = context.needs.inventory;

  api.get(
    '/v1/discoveries',
    {
      schema: {
        operationId: 'listDiscoveries',
        tags,
        description: 'The inbox, newest first. A machine shows once, however many of its NICs asked.',
        querystring: listQuery,
        response: { 200: pageOf(discovery), ...problems },
      },
    },
    ({ query: { limit, pageToken, rejected } }) => {
      const filter = { rejected: rejected === 'true' };
      return answerPage(
        context,
        { limit, pageToken },
        { of: 'discoveries', ...filter },
        (page) => discoveries.list(page, filter),
        view,
      );
    },
  );

  api.get(
    '/v1/discoveries/:mac',
    { schema: { operationId: 'getDiscovery', tags, params: byMac, response: { 200: discovery, ...problems } } },
    async ({ params: { mac } }) => view(await discoveries.get(toMac(mac))),
  );

  api.post(
    '/v1/discoveries/:mac/reject',
    {
      schema: {
        operationId: 'rejectDiscovery',
        tags,
        description: 'Not shown again while it stays where it is: on another network or switch port it is a stranger again.',
        params: byMac,
        body: rejectDiscovery,
        response: { 200: discovery, ...problems },
      },
    },
    async ({ params: { mac }, body, principal }) => view(await discoveries.reject(toMac(mac), principal, body.reason)),
  );
  acceptRoute(api, context);
}

function acceptRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/discoveries/:mac/accept',
    {
      schema: {
        operationId: 'acceptDiscovery',
        tags,
        description: 'It becomes a registered server with the serial and NICs that the agent counted.',
        params: byMac,
        headers: idempotencyKey,
        body: acceptDiscovery,
        response: { 201: server, ...problems },
      },
    },
    async (request, reply) => {
      await answerOnce(request, reply, async (within) => {
        const found = await within.discoveries.get(toMac(request.params.mac));
        const input = serverFromDiscovery(found, request.body);
        await refuseImpossiblePlace(within, input);
        const id = makeId('server', needs.clock.now(), needs.random(10));
        await within.discoveries.accept(found.mac, id, input, request.principal);
        const made = await within.servers.get(id);
        return {
          status: 201,
          headers: { location: `/v1/servers/${made.id}`, etag: etagOf(made.version) },
          body: viewServer(made),
        };
      });
      return reply;
    },
  );
}

const view = (found: DiscoveryRecord): DiscoveryView => ({ kind: 'discovery', ...found });
