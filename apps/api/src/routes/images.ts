// /v1/images and /v1/artifacts: read only, because whoever builds them registers them together with their files.
import { sha256Digest } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { artifact, image } from '@rackwright/api-contract/resources/image.ts';
import { z } from 'zod';
import { sendVersioned } from '../http/etags.ts';
import { viewArtifact, viewImage } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { findNamed } from './references.ts';
import { byRef, problems } from './schema.ts';

const imageQuery = z.strictObject({ ...pageQuery, name: z.string().max(128).optional(), digest: sha256Digest.optional() });
const artifactQuery = z.strictObject({ ...pageQuery, name: z.string().max(128).optional() });

export function imageRoutes(api: Api, context: RouteContext): void {
  const { images, artifacts } = context.needs.inventory;

  api.get(
    '/v1/images',
    {
      schema: {
        operationId: 'listImages',
        tags: ['images'],
        querystring: imageQuery,
        response: { 200: pageOf(image), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(context, { limit, pageToken }, { of: 'images', ...filter }, (page) => images.list(page, filter), viewImage),
  );

  api.get(
    '/v1/images/:ref',
    { schema: { operationId: 'getImage', tags: ['images'], params: byRef, response: { 200: image, ...problems } } },
    async (request, reply) => sendVersioned(request, reply, viewImage(await findNamed('image', images, request.params.ref))),
  );

  api.get(
    '/v1/artifacts',
    {
      schema: {
        operationId: 'listArtifacts',
        tags: ['images'],
        querystring: artifactQuery,
        response: { 200: pageOf(artifact), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'artifacts', ...filter },
        (page) => artifacts.list(page, filter),
        viewArtifact,
      ),
  );
}
