// /v1/networks
import { idOf, name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { network, networkChange, networkFaults, newNetwork } from '@rackwright/api-contract/resources/network.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned } from '../http/etags.ts';
import { RequestInvalid } from '../http/request-invalid.ts';
import type { NewNetwork } from '../needs.ts';
import type { NetworkRecord } from '../records.ts';
import { viewNetwork } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { changeSeen } from './change-seen.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, name: name.optional(), siteId: idOf('site').optional() });
const tags = ['networks'];

export function networkRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  writeRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { networks } = context.needs.inventory;

  api.get(
    '/v1/networks',
    { schema: { operationId: 'listNetworks', tags, querystring: listQuery, response: { 200: pageOf(network), ...problems } } },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'networks', ...filter },
        (page) => networks.list(page, filter),
        viewNetwork,
      ),
  );

  api.get(
    '/v1/networks/:ref',
    { schema: { operationId: 'getNetwork', tags, params: byRef, response: { 200: network, ...problems } } },
    async (request, reply) =>
      sendVersioned(request, reply, viewNetwork(await findNamed('network', networks, request.params.ref))),
  );
}

function writeRoutes(api: Api, { needs, answerOnce }: RouteContext): void {
  const { networks } = needs.inventory;

  api.post(
    '/v1/networks',
    {
      schema: {
        operationId: 'createNetwork',
        tags,
        headers: idempotencyKey,
        body: newNetwork,
        response: { 201: network, ...problems },
      },
    },
    async (request, reply) => {
      const { pool, ...fields } = request.body;
      const input = { ...fields, ...poolColumns(pool) };
      await answerOnce(request, reply, async (inventory) => {
        const made = await inventory.networks.create(makeId('network', needs.clock.now(), needs.random(10)), input);
        return {
          status: 201,
          headers: { location: `/v1/networks/${made.id}`, etag: etagOf(made.version) },
          body: viewNetwork(made),
        };
      });
      return reply;
    },
  );

  api.patch(
    '/v1/networks/:ref',
    {
      schema: {
        operationId: 'changeNetwork',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: networkChange,
        response: { 200: network, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findNamed('network', networks, request.params.ref);
      const changed = await changeSeen(expected, read, (current, from) =>
        networks.update(current.id, from, changeOf(current, request.body)),
      );
      return sendVersioned(request, reply, viewNetwork(changed));
    },
  );

  api.delete(
    '/v1/networks/:ref',
    { schema: { operationId: 'deleteNetwork', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } } },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await networks.delete((await findNamed('network', networks, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}

/** The fields must fit each other after the change, not only the ones that were sent. */
function changeOf(current: NetworkRecord, patch: z.infer<typeof networkChange>): Partial<Omit<NewNetwork, 'siteId'>> {
  const { pool, ...fields } = withoutUndefined(patch) as z.infer<typeof networkChange>;
  const change = { ...withoutUndefined(fields), ...(pool === undefined ? {} : poolColumns(pool)) };
  const faults = networkFaults(viewNetwork({ ...current, ...change }));
  if (faults.length > 0) {
    throw new RequestInvalid(faults.map(([field, message]) => ({ pointer: `/${field}`, code: 'invalid', message })));
  }
  return change;
}

function poolColumns(pool: { first: string; last: string } | null): Pick<NetworkRecord, 'poolFirst' | 'poolLast'> {
  return { poolFirst: pool?.first ?? null, poolLast: pool?.last ?? null };
}
