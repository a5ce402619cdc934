// /v1/leases and /v1/racks/{ref}/power: who holds servers, who may start, and who waits for what.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { lease, leaseFilter, rackPower } from '@rackwright/api-contract/resources/power.ts';
import { z } from 'zod';
import { viewLease, viewRackPower } from '../views/power.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, problems } from './schema.ts';

const tags = ['power'];

export function powerRoutes(api: Api, context: RouteContext): void {
  const { power, racks } = context.needs.inventory;

  api.get(
    '/v1/leases',
    {
      schema: {
        operationId: 'listLeases',
        tags,
        description: 'Servers that an operation holds now, by their ids.',
        querystring: z.strictObject({ ...pageQuery, ...leaseFilter }),
        response: { 200: pageOf(lease), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'leases', ...withoutUndefined(filter) },
        (page) => power.leases(page, filter),
        viewLease,
      ),
  );

  api.get(
    '/v1/racks/:ref/power',
    {
      schema: {
        operationId: 'getRackPower',
        tags,
        description: 'What its circuits carry, an estimate of what runs, who was granted power and who waits for it.',
        params: byRef,
        response: { 200: rackPower, ...problems },
      },
    },
    async ({ params: { ref } }) => viewRackPower(await power.rack((await findNamed('rack', racks, ref)).id)),
  );
}
