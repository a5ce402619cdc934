// /healthz: the process lives. /readyz: it can serve requests. /v1/openapi.json: what it serves.
import { Refusal } from '@rackwright/domain/errors.ts';
import { z } from 'zod';
import type { Api, RouteContext } from './context.ts';
import { problems } from './schema.ts';

const ok = z.object({ status: z.literal('ok') });

export function healthRoutes(api: Api, { needs, closing }: RouteContext): void {
  api.get('/healthz', { schema: { operationId: 'health', tags: ['health'], response: { 200: ok } } }, async () => ({
    status: 'ok' as const,
  }));

  api.get('/readyz', { schema: { operationId: 'readiness', tags: ['health'], response: { 200: ok, ...problems } } }, async () => {
    if (closing.aborted) throw new Refusal('not_ready', { why: 'it is stopping' });
    await needs.checkReady();
    return { status: 'ok' as const };
  });

  api.get('/v1/openapi.json', { schema: { hide: true } }, async (_request, reply) => reply.send(api.swagger()));
}
