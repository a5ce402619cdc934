// Who is asking: an API token's name, or the person at this machine when there are no tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';

export type ApiToken = { /** Shown as requestedBy. */ principal: string /** Lower-case hex. */; sha256: string };
/** `none` is for loopback only: whoever reaches the port is `principal`. */
export type Authentication = { kind: 'tokens'; tokens: readonly ApiToken[] } | { kind: 'none'; principal: string };

declare module 'fastify' {
  interface FastifyRequest {
    principal: string;
  }
}

const OPEN_PATHS = new Set(['/healthz', '/readyz', '/v1/openapi.json']);
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

export function authenticate(api: FastifyInstance, authentication: Authentication): void {
  api.decorateRequest('principal', '');
  api.addHook('onRequest', async (request) => {
    if (authentication.kind === 'none') {
      refuseForeignPages(request);
      request.principal = authentication.principal;
      return;
    }
    if (OPEN_PATHS.has(request.url.split('?')[0] ?? '')) return;
    request.principal = principalOf(request, authentication.tokens);
  });
}

function principalOf(request: FastifyRequest, tokens: readonly ApiToken[]): string {
  const [, token] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new Refusal('unauthenticated');
  const given = createHash('sha256').update(token).digest();
  // All of them are compared, whichever fits: the time says nothing.
  const fitting = tokens.filter(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, 'hex')));
  if (!fitting[0]) throw new Refusal('unauthenticated');
  return fitting[0].principal;
}

/** Any web page in the operator's browser can reach loopback; without tokens only our own may (DNS rebinding, CSRF). */
function refuseForeignPages(request: FastifyRequest): void {
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '');
  const origin = request.headers.origin;
  if (!LOOPBACK.has(name) || (origin !== undefined && origin !== `http://${host}`)) throw new Refusal('forbidden_origin');
}
