// /v1/leases and /v1/racks/{ref}/power: who holds servers, who may start, and who waits for what.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { operation } from '@rackwright/api-contract/resources/operation.ts';
import { lease, leaseFilter, powerOn, rackPower } from '@rackwright/api-contract/resources/power.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { viewOperation } from '../views/operation.ts';
import { viewLease, viewRackPower } from '../views/power.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { requireIdempotencyKey } from '../http/idempotent.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed, findServer } from './references.ts';
import { byRef, idempotencyKey, problems } from './schema.ts';

const tags = ['power'];

export function powerRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  powerOnRoute(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
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

function powerOnRoute(api: Api, { needs, answerOnce, onError }: RouteContext): void {
  api.post(
    '/v1/servers/:ref/power-on',
    {
      schema: {
        operationId: 'powerOnServer',
        tags,
        description:
          'Idempotency-Key is required. Of a server in service that lost its power or was switched off by hand: on, when its rack allows ' +
          'it, and until its Node is Ready. It stays in service.',
        params: byRef,
        headers: idempotencyKey,
        body: powerOn,
        response: { 202: operation, ...problems },
      },
    },
    async (request, reply) => {
      requireIdempotencyKey(request);
      const id = makeId('operation', needs.clock.now(), needs.random(10));
      await answerOnce(request, reply, async (within) => {
        const { id: serverId, name, bmc, hasBmcCredentials } = await findServer(within, request.params.ref);
        if (bmc === null || !hasBmcCredentials) throw new Refusal('bmc_missing', { server: name });
        const begun = await within.power.on(id, { serverId, requestedBy: request.principal, reason: request.body.reason });
        return {
          status: 202,
          headers: { location: `/v1/operations/${begun.id}`, 'retry-after': '5' },
          body: viewOperation(begun),
        };
      });
      // After a repetition there is nothing under this id, and nothing to wake.
      await needs.wakeUp(id).catch(onError);
      return reply;
    },
  );
}
