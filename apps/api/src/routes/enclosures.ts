// /v1/enclosures
import { idOf, name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { enclosure, enclosureChange, newEnclosure } from '@rackwright/api-contract/resources/enclosure.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned, sendUncached } from '../http/etags.ts';
import { viewEnclosure } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { changeSeen } from './change-seen.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';
import { asReference } from './server-change.ts';

const listQuery = z.strictObject({
  ...pageQuery,
  name: name.optional(),
  siteId: idOf('site').optional(),
  rackId: idOf('rack').optional(),
});
const tags = ['enclosures'];

export function enclosureRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  writeRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { enclosures } = context.needs.inventory;

  api.get(
    '/v1/enclosures',
    {
      schema: {
        operationId: 'listEnclosures',
        tags,
        querystring: listQuery,
        response: { 200: pageOf(enclosure), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'enclosures', ...filter },
        (page) => enclosures.list(page, filter),
        viewEnclosure,
      ),
  );

  api.get(
    '/v1/enclosures/:ref',
    { schema: { operationId: 'getEnclosure', tags, params: byRef, response: { 200: enclosure, ...problems } } },
    async (request, reply) => sendUncached(reply, viewEnclosure(await findNamed('enclosure', enclosures, request.params.ref))),
  );
}

function writeRoutes(api: Api, { needs, answerOnce }: RouteContext): void {
  const { enclosures } = needs.inventory;

  api.post(
    '/v1/enclosures',
    {
      schema: {
        operationId: 'createEnclosure',
        tags,
        headers: idempotencyKey,
        body: newEnclosure,
        response: { 201: enclosure, ...problems },
      },
    },
    async (request, reply) => {
      await answerOnce(request, reply, async (inventory) => {
        const { siteId } = await inventory.racks.get(request.body.rackId).catch(asReference);
        const id = makeId('enclosure', needs.clock.now(), needs.random(10));
        const made = await inventory.enclosures.create(id, { ...request.body, siteId });
        const headers = { location: `/v1/enclosures/${made.id}`, etag: etagOf(made.version) };
        return { status: 201, headers, body: viewEnclosure(made) };
      });
      return reply;
    },
  );

  api.patch(
    '/v1/enclosures/:ref',
    {
      schema: {
        operationId: 'changeEnclosure',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: enclosureChange,
        response: { 200: enclosure, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findNamed('enclosure', enclosures, request.params.ref);
      const changed = await changeSeen(expected, read, (current, from) =>
        enclosures.update(current.id, from, withoutUndefined(request.body)),
      );
      return sendVersioned(request, reply, viewEnclosure(changed));
    },
  );

  api.delete(
    '/v1/enclosures/:ref',
    {
      schema: { operationId: 'deleteEnclosure', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await enclosures.delete((await findNamed('enclosure', enclosures, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}
