// PUT /v1/images/{name} and /v1/artifacts/{name}/{version}: the bytes come in as they are, and are on file when the answer goes out.
import { Readable } from 'node:stream';
import { artifact, image } from '@rackwright/api-contract/resources/image.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { z } from 'zod';
import { viewArtifact, viewImage } from '../views/inventory.ts';
import type { Api, RouteContext } from './context.ts';
import { problems } from './schema.ts';

export const RAW_BYTES = 'application/octet-stream';

const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dot, dash and underscore, at most 64');
const partition = z.coerce.number().int().min(1).max(128);
const imageUpload = z.strictObject({
  os: z.string().min(1).max(64).default('linux'),
  rootPartition: partition.optional().meta({ description: 'Found in the partition table unless told: the one that lies last.' }),
  seedPartition: partition.optional().meta({ description: 'Found by its name "cidata" unless told.' }),
});
const sha256Header = z.object({
  'x-checksum-sha256': z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .meta({ description: 'Refused (checksum_mismatch) when the bytes are others.' }),
});

const GIB = 1024 ** 3;
const MOST_BYTES = { image: 64 * GIB, artifact: 2 * GIB };

/** Sending the same bytes again is harmless; other bytes under a name that is taken are refused. */
export function uploadRoutes(api: Api, { needs }: RouteContext): void {
  // Not read into memory: the route takes the stream.
  api.addContentTypeParser(RAW_BYTES, (_request, payload, done) => done(null, payload));

  api.put(
    '/v1/images/:name',
    {
      bodyLimit: MOST_BYTES.image,
      schema: {
        operationId: 'putImage',
        tags: ['images'],
        description: 'A raw disk image with a GUID partition table. It is cut into chunks with checksums; the digest names it.',
        consumes: [RAW_BYTES],
        params: z.object({ name: fileName }),
        querystring: imageUpload,
        response: { 200: image, ...problems },
      },
    },
    async ({ params: { name }, query, body }) => viewImage(await needs.uploads.image({ name, ...query }, bytesOf(body))),
  );

  api.put(
    '/v1/artifacts/:name/:version',
    {
      bodyLimit: MOST_BYTES.artifact,
      schema: {
        operationId: 'putArtifact',
        tags: ['images'],
        description: 'A file that nodes fetch at first boot and check: kubelet, kubeadm.',
        consumes: [RAW_BYTES],
        params: z.object({ name: fileName, version: fileName }),
        headers: sha256Header,
        response: { 200: artifact, ...problems },
      },
    },
    async ({ params: { name, version }, headers, body }) =>
      viewArtifact(await needs.uploads.artifact({ name, version, sha256: headers['x-checksum-sha256'] }, bytesOf(body))),
  );
}

/** What was sent as JSON, or with no body at all, is no file. */
function bytesOf(body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw new Refusal('unsupported_media_type', { expected: RAW_BYTES });
}
