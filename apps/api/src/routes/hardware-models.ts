// /v1/hardware-models
import { name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { hardwareModel, hardwareModelChange, newHardwareModel } from '@rackwright/api-contract/resources/hardware.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendVersioned } from '../http/etags.ts';
import { viewHardwareModel } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, name: name.optional(), product: z.string().max(128).optional() });
const tags = ['hardware'];

export function hardwareModelRoutes(api: Api, context: RouteContext): void {
  readAndCreateRoutes(api, context);
  changeRoutes(api, context);
}

function readAndCreateRoutes(api: Api, context: RouteContext): void {
  const { needs, answerOnce } = context;
  const { hardwareModels } = needs.inventory;

  api.get(
    '/v1/hardware-models',
    {
      schema: {
        operationId: 'listHardwareModels',
        tags,
        querystring: listQuery,
        response: { 200: pageOf(hardwareModel), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'hardwareModels', ...filter },
        (page) => hardwareModels.list(page, filter),
        viewHardwareModel,
      ),
  );

  api.post(
    '/v1/hardware-models',
    {
      schema: {
        operationId: 'createHardwareModel',
        tags,
        headers: idempotencyKey,
        body: newHardwareModel,
        response: { 201: hardwareModel, ...problems },
      },
    },
    async (request, reply) => {
      const { body } = request;
      await answerOnce(request, reply, async (inventory) => {
        const made = await inventory.hardwareModels.create(makeId('hardware_model', needs.clock.now(), needs.random(10)), body);
        return {
          status: 201,
          headers: { location: `/v1/hardware-models/${made.id}`, etag: etagOf(made.version) },
          body: viewHardwareModel(made),
        };
      });
      return reply;
    },
  );

  api.get(
    '/v1/hardware-models/:ref',
    { schema: { operationId: 'getHardwareModel', tags, params: byRef, response: { 200: hardwareModel, ...problems } } },
    async (request, reply) =>
      sendVersioned(request, reply, viewHardwareModel(await findNamed('hardware_model', hardwareModels, request.params.ref))),
  );
}

function changeRoutes(api: Api, { needs }: RouteContext): void {
  const { hardwareModels } = needs.inventory;

  api.patch(
    '/v1/hardware-models/:ref',
    {
      schema: {
        operationId: 'changeHardwareModel',
        tags,
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: hardwareModelChange,
        response: { 200: hardwareModel, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const { id } = await findNamed('hardware_model', hardwareModels, request.params.ref);
      return sendVersioned(
        request,
        reply,
        viewHardwareModel(await hardwareModels.update(id, expected, withoutUndefined(request.body))),
      );
    },
  );

  api.delete(
    '/v1/hardware-models/:ref',
    {
      schema: {
        operationId: 'deleteHardwareModel',
        tags,
        params: byRef,
        headers: ifMatch,
        response: { 204: nothing, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await hardwareModels.delete((await findNamed('hardware_model', hardwareModels, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}
