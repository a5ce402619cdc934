// The OpenAPI 3.1 document, made from the very schemas that check the requests. docs/openapi.json is written from it.
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { tidyComponents } from './openapi-components.ts';
import type { Api } from './routes/context.ts';

export const API_VERSION = '1.0.0';

export async function describeApi(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rackwright API',
        version: API_VERSION,
        description:
          'JSON in UTF-8, camelCase; enum values are lower_snake and those of answers may grow. Times are RFC 3339 in UTC. Fields ' +
          'that do not exist are refused in requests; bear those you do not know in answers. Errors are problems (RFC 9457) with a ' +
          '`code` of docs/errors.md. PATCH takes application/merge-patch+json and If-Match.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      security: [{ apiToken: [] }],
      components: { securitySchemes: { apiToken: { type: 'http', scheme: 'bearer' } } },
      tags: [
        'servers',
        'discoveries',
        'hardware',
        'operations',
        'plans',
        'bulk-operations',
        'replacements',
        'incidents',
        'work-orders',
        'events',
        'webhooks',
        'schedules',
        'sites',
        'racks',
        'enclosures',
        'power',
        'networks',
        'images',
        'clusters',
        'health',
      ].map((name) => ({
        name,
      })),
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidyComponents(jsonSchemaTransformObject(document)),
  });
}
