// POST with an Idempotency-Key: sent twice, done once, answered twice alike.
import { createHmac, hkdfSync } from 'node:crypto';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, ApiNeeds, FirstAnswer, Inventory } from '../needs.ts';
import { RequestInvalid } from './request-invalid.ts';

export type AnswerOnce = (
  request: FastifyRequest,
  reply: FastifyReply,
  does: (inventory: Inventory) => Promise<FirstAnswer>,
) => Promise<Answer>;

/** Required where the request starts an operation; elsewhere the natural keys (names, serials) already keep a second one out. */
export function answerOnce(needs: Pick<ApiNeeds, 'inventory' | 'idempotency'>, secret: Uint8Array): AnswerOnce {
  // Keyed, because bodies hold passwords: a plain hash of them could be guessed at leisure.
  const hashKey = Buffer.from(hkdfSync('sha256', secret, '', 'idempotency', 32));
  return async (request, reply, does) => {
    const key = keyOf(request);
    let toldOnce: object = {};
    const doFirst = async (inventory: Inventory): Promise<Answer> => {
      const { toldOnce: secret = {}, ...kept } = await does(inventory);
      toldOnce = secret;
      return kept;
    };
    if (key === undefined) return send(reply, await doFirst(needs.inventory), toldOnce);
    const { answer, replayed } = await needs.idempotency.once(
      {
        principal: request.principal,
        method: request.method,
        path: request.url.split('?')[0] ?? '',
        key,
        bodyHash: createHmac('sha256', hashKey).update(canonicalJson(request.body)).digest('hex'),
      },
      doFirst,
    );
    if (replayed) reply.header('idempotency-replayed', 'true');
    return send(reply, answer, replayed ? {} : toldOnce);
  };
}

export function requireIdempotencyKey(request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) throw new Refusal('idempotency_key_required');
}

function send(reply: FastifyReply, answer: Answer, toldOnce: object): Answer {
  const body = Object.keys(toldOnce).length === 0 ? answer.body : { ...(answer.body as object), ...toldOnce };
  reply.code(answer.status).headers(answer.headers).send(body);
  return answer;
}

/** The draft writes it as a quoted string, most clients without the quotation marks: both are the same key. */
function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = String(header).replace(/^"(.*)"$/, '$1');
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new RequestInvalid([{ pointer: '/headers/idempotency-key', code: 'invalid', message: '1 to 255 printable characters' }]);
}
