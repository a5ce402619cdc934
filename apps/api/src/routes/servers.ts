// /v1/servers
import { FILTER_MAX_LENGTH } from '@rackwright/api-contract/filter/parse-filter.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { newServer, server, type ServerChangeBody, serverChange } from '@rackwright/api-contract/resources/server.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned, sendUncached } from '../http/etags.ts';
import type { ServerRecord } from '../records.ts';
import { viewServer } from '../views/server.ts';
import type { Api, RouteContext } from './context.ts';
import { changeSeen } from './change-seen.ts';
import { answerPage } from './lists.ts';
import { findServer } from './references.ts';
import { conditionsOf } from './server-conditions.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';
import { changeOf, newServerOf, placeOf, refuseImpossiblePlace } from './server-change.ts';

const listQuery = z.strictObject({
  ...pageQuery,
  filter: z
    .string()
    .max(FILTER_MAX_LENGTH)
    .default('')
    .meta({ examples: ['state in (available,in_service) AND rack~"TPE1-R1*" AND NOT label.pool=gpu'] }),
  q: z
    .string()
    .max(128)
    .optional()
    .meta({ description: 'Part of a name, serial, asset tag, MAC or address, however it is written.' }),
});
const tags = ['servers'];

export function serverRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  createRoute(api, context);
  changeRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { inventory } = context.needs;
  const { servers } = inventory;

  api.get(
    '/v1/servers',
    { schema: { operationId: 'listServers', tags, querystring: listQuery, response: { 200: pageOf(server), ...problems } } },
    ({ query: { limit, pageToken, filter, q } }) => {
      const wanted = {
        conditions: conditionsOf(filter),
        search: q === undefined ? undefined : searchText(q),
      };
      return answerPage(
        context,
        { limit, pageToken },
        { of: 'servers', ...wanted },
        (page) => servers.list(page, wanted),
        viewServer,
      );
    },
  );

  api.get(
    '/v1/servers/:ref',
    { schema: { operationId: 'getServer', tags, params: byRef, response: { 200: server, ...problems } } },
    async (request, reply) => sendUncached(reply, viewServer(await findServer(inventory, request.params.ref))),
  );
}

function createRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/servers',
    {
      schema: {
        operationId: 'createServer',
        tags,
        headers: idempotencyKey,
        body: newServer,
        response: { 201: server, ...problems },
      },
    },
    async (request, reply) => {
      const input = newServerOf(request.body);
      await answerOnce(request, reply, async (within) => {
        await refuseImpossiblePlace(within, input);
        const made = await within.servers.create(makeId('server', needs.clock.now(), needs.random(10)), input);
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

function changeRoutes(api: Api, { needs }: RouteContext): void {
  const { inventory } = needs;
  const { servers } = inventory;

  api.patch(
    '/v1/servers/:ref',
    {
      schema: {
        operationId: 'changeServer',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: serverChange,
        response: { 200: server, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findServer(inventory, request.params.ref);
      const changed = await changeSeen(expected, read, async (current, from) => {
        refuseChangeUnderOperation(current, request.body);
        const change = changeOf(current, request.body);
        if (PLACE_FIELDS.some((field) => field in change))
          await refuseImpossiblePlace(inventory, {
            ...placeOf(current),
            ...(change.enclosureId === null && { slot: null }),
            ...change,
          });
        return servers.update(current.id, from, change);
      });
      return sendVersioned(request, reply, viewServer(changed));
    },
  );

  api.delete(
    '/v1/servers/:ref',
    { schema: { operationId: 'deleteServer', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } } },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findServer(inventory, request.params.ref);
      await changeSeen(expected, read, (current, from) => {
        // Everything else may hold data, or work for somebody: it leaves by release and retire.
        if (!DELETABLE.has(current.state)) throw new Refusal('not_allowed_in_state', { state: current.state, event: 'delete' });
        return servers.delete(current.id, from);
      });
      return reply.code(204).send();
    },
  );
}

const DELETABLE = new Set(['discovered', 'registered', 'retired']);
const PLACE_FIELDS = ['rackId', 'uPosition', 'uHeight', 'enclosureId', 'slot', 'networkId', 'address'] as const;
/** What a running operation relies on. */
const FIXED_FIELDS = ['serial', 'nics', 'bmc', 'firmwareMode', 'networkId', 'address'] as const;

function refuseChangeUnderOperation({ currentOperationId }: ServerRecord, patch: ServerChangeBody): void {
  if (currentOperationId === null) return;
  if (FIXED_FIELDS.some((field) => patch[field] !== undefined)) {
    throw new Refusal('operation_in_progress', { operationId: currentOperationId });
  }
}

/** Full-width digits and letters, as copied from a spreadsheet, are the ordinary ones. */
const searchText = (text: string): string => text.normalize('NFKC').trim();
