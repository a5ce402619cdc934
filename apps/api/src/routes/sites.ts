// /v1/sites
import { name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { newSite, site, siteChange } from '@rackwright/api-contract/resources/site.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned } from '../http/etags.ts';
import { viewSite } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, name: name.optional() });
const tags = ['sites'];

export function siteRoutes(api: Api, context: RouteContext): void {
  const { needs, answerOnce } = context;
  const { sites } = needs.inventory;

  api.get(
    '/v1/sites',
    { schema: { operationId: 'listSites', tags, querystring: listQuery, response: { 200: pageOf(site), ...problems } } },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(context, { limit, pageToken }, { of: 'sites', ...filter }, (page) => sites.list(page, filter), viewSite),
  );

  api.post(
    '/v1/sites',
    { schema: { operationId: 'createSite', tags, headers: idempotencyKey, body: newSite, response: { 201: site, ...problems } } },
    async (request, reply) => {
      const { body } = request;
      await answerOnce(request, reply, async (inventory) => {
        const made = await inventory.sites.create(makeId('site', needs.clock.now(), needs.random(10)), body);
        return { status: 201, headers: { location: `/v1/sites/${made.id}`, etag: etagOf(made.version) }, body: viewSite(made) };
      });
      return reply;
    },
  );

  api.get(
    '/v1/sites/:ref',
    { schema: { operationId: 'getSite', tags, params: byRef, response: { 200: site, ...problems } } },
    async (request, reply) => sendVersioned(request, reply, viewSite(await findNamed('site', sites, request.params.ref))),
  );

  api.patch(
    '/v1/sites/:ref',
    {
      schema: {
        operationId: 'changeSite',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: siteChange,
        response: { 200: site, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const { id } = await findNamed('site', sites, request.params.ref);
      return sendVersioned(request, reply, viewSite(await sites.update(id, expected, withoutUndefined(request.body))));
    },
  );

  api.delete(
    '/v1/sites/:ref',
    { schema: { operationId: 'deleteSite', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } } },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await sites.delete((await findNamed('site', sites, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}
