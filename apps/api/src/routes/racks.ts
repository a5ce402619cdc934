// /v1/racks
import { idOf, name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { newRack, rack, rackChange } from '@rackwright/api-contract/resources/rack.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { USUAL_VOLTS } from '@rackwright/domain/power/circuits.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned } from '../http/etags.ts';
import type { NewRack } from '../needs.ts';
import type { RackRecord } from '../records.ts';
import { viewRack } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { changeSeen } from './change-seen.ts';
import { answerPage } from './lists.ts';
import { mergeMap, mergeValues, withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({
  ...pageQuery,
  name: name.optional(),
  siteId: idOf('site').optional(),
  room: name.optional(),
  row: name.optional(),
});
const tags = ['racks'];

export function rackRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  writeRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { racks } = context.needs.inventory;

  api.get(
    '/v1/racks',
    { schema: { operationId: 'listRacks', tags, querystring: listQuery, response: { 200: pageOf(rack), ...problems } } },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(context, { limit, pageToken }, { of: 'racks', ...filter }, (page) => racks.list(page, filter), viewRack),
  );

  api.get(
    '/v1/racks/:ref',
    { schema: { operationId: 'getRack', tags, params: byRef, response: { 200: rack, ...problems } } },
    async (request, reply) => sendVersioned(request, reply, viewRack(await findNamed('rack', racks, request.params.ref))),
  );
}

function writeRoutes(api: Api, { needs, answerOnce }: RouteContext): void {
  const { racks } = needs.inventory;

  api.post(
    '/v1/racks',
    { schema: { operationId: 'createRack', tags, headers: idempotencyKey, body: newRack, response: { 201: rack, ...problems } } },
    async (request, reply) => {
      const { powerFeeds, topOfRackSwitches, ...fields } = request.body;
      const input = { ...fields, powerFeeds: named(powerFeeds), switches: named(topOfRackSwitches) };
      await answerOnce(request, reply, async (inventory) => {
        const made = await inventory.racks.create(makeId('rack', needs.clock.now(), needs.random(10)), input);
        return { status: 201, headers: { location: `/v1/racks/${made.id}`, etag: etagOf(made.version) }, body: viewRack(made) };
      });
      return reply;
    },
  );

  api.patch(
    '/v1/racks/:ref',
    {
      schema: {
        operationId: 'changeRack',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: rackChange,
        response: { 200: rack, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findNamed('rack', racks, request.params.ref);
      const changed = await changeSeen(expected, read, (current, from) =>
        racks.update(current.id, from, changeOf(current, request.body)),
      );
      return sendVersioned(request, reply, viewRack(changed));
    },
  );

  api.delete(
    '/v1/racks/:ref',
    { schema: { operationId: 'deleteRack', tags, params: byRef, headers: ifMatch, response: { 204: nothing, ...problems } } },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await racks.delete((await findNamed('rack', racks, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}

function changeOf(current: RackRecord, patch: z.infer<typeof rackChange>): Partial<Omit<NewRack, 'siteId'>> {
  const { powerFeeds, topOfRackSwitches, switchPorts, ...fields } = patch;
  return {
    ...withoutUndefined(fields),
    ...(switchPorts && { switchPorts: mergeValues(current.switchPorts, switchPorts) }),
    ...(powerFeeds && { powerFeeds: listed(mergeMap(mapped(current.powerFeeds), powerFeeds, NO_FEED)) }),
    ...(topOfRackSwitches && {
      switches: listed(mergeMap(mapped(current.switches), topOfRackSwitches, { managementAddress: null })),
    }),
  };
}

/** What a patch that adds a feed need not say. */
const NO_FEED = { amps: 0, volts: USUAL_VOLTS, maxUtilisation: null };

const named = <V extends object>(map: Record<string, V>): (V & { name: string })[] => listed(new Map(Object.entries(map)));
const listed = <V extends object>(map: Map<string, V>): (V & { name: string })[] =>
  [...map].map(([key, value]) => ({ ...value, name: key }));
const mapped = <V extends { name: string }>(list: V[]): Map<string, Omit<V, 'name'>> =>
  new Map(list.map(({ name: key, ...value }) => [key, value]));
