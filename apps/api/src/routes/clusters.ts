// /v1/clusters
import { name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { cluster, clusterChange, newCluster } from '@rackwright/api-contract/resources/cluster.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned } from '../http/etags.ts';
import type { ClusterRecord } from '../records.ts';
import { viewCluster } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { changeSeen } from './change-seen.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, name: name.optional() });
const tags = ['clusters'];

export function clusterRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  writeRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { clusters } = context.needs.inventory;

  api.get(
    '/v1/clusters',
    { schema: { operationId: 'listClusters', tags, querystring: listQuery, response: { 200: pageOf(cluster), ...problems } } },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'clusters', ...filter },
        (page) => clusters.list(page, filter),
        viewCluster,
      ),
  );

  api.get(
    '/v1/clusters/:ref',
    { schema: { operationId: 'getCluster', tags, params: byRef, response: { 200: cluster, ...problems } } },
    async (request, reply) =>
      sendVersioned(request, reply, viewCluster(await findNamed('cluster', clusters, request.params.ref))),
  );
}

function writeRoutes(api: Api, { needs, answerOnce }: RouteContext): void {
  const { clusters } = needs.inventory;

  api.post(
    '/v1/clusters',
    {
      schema: {
        operationId: 'createCluster',
        tags,
        headers: idempotencyKey,
        body: newCluster,
        response: { 201: cluster, ...problems },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, credentials: request.body.credentials ?? null };
      await answerOnce(request, reply, async (inventory) => {
        const made = await inventory.clusters.create(makeId('cluster', needs.clock.now(), needs.random(10)), input);
        return {
          status: 201,
          headers: { location: `/v1/clusters/${made.id}`, etag: etagOf(made.version) },
          body: viewCluster(made),
        };
      });
      return reply;
    },
  );

  api.patch(
    '/v1/clusters/:ref',
    {
      schema: {
        operationId: 'changeCluster',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: clusterChange,
        response: { 200: cluster, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findNamed('cluster', clusters, request.params.ref);
      const changed = await changeSeen(expected, read, (current, from) => {
        refuseRedirectedCredentials(current, request.body);
        return clusters.update(current.id, from, withoutUndefined(request.body));
      });
      return sendVersioned(request, reply, viewCluster(changed));
    },
  );

  api.delete(
    '/v1/clusters/:ref',
    { schema: { operationId: 'deleteCluster', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } } },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await clusters.delete((await findNamed('cluster', clusters, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}

/** Who may change an address must not thereby have the stored credentials sent to it. */
function refuseRedirectedCredentials(current: ClusterRecord, patch: z.infer<typeof clusterChange>): void {
  const moved =
    (patch.apiEndpoint !== undefined && patch.apiEndpoint !== current.apiEndpoint) ||
    (patch.ca !== undefined && patch.ca !== current.ca);
  if (moved && current.hasCredentials && patch.credentials === undefined) throw new Refusal('credentials_required');
}
