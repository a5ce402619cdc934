// What is asked of one server: POST /v1/servers/{ref}/operations, and what was learnt from what was done: erasures.
import { agentErasure } from '@rackwright/api-contract/agent-contract.ts';
import { idOf, instant, sha256Digest } from '@rackwright/api-contract/fields.ts';
import { newOperation, type NewOperationBody, operation } from '@rackwright/api-contract/resources/operation.ts';
import { diskRemoval } from '@rackwright/api-contract/resources/disk-removal.ts';
import { server } from '@rackwright/api-contract/resources/server.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeId, type OperationId } from '@rackwright/domain/ids.ts';
import { isDoneAtOnce, missingFor } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import { next } from '@rackwright/domain/server-lifecycle/table.ts';
import { z } from 'zod';
import { requireIdempotencyKey } from '../http/idempotent.ts';
import type { Answer, Inventory } from '../needs.ts';
import type { ServerRecord } from '../records.ts';
import { viewOperation } from '../views/operation.ts';
import { viewServer } from '../views/server.ts';
import type { Api, RouteContext } from './context.ts';
import { findServer, refuseUnknownReferences } from './references.ts';
import { byRef, idempotencyKey, problems } from './schema.ts';

const recorded = {
  operationId: idOf('operation'),
  recordedAt: instant,
  digest: sha256Digest
    .nullable()
    .meta({ description: 'Of its certificate, at /v1/erasure-certificates/{serial}; null when it proves nothing.' }),
};
const erasure = z.union([agentErasure.extend(recorded), diskRemoval.extend(recorded)]);
const tags = ['servers'];

export function serverOperationRoutes(api: Api, context: RouteContext): void {
  const { needs, answerOnce } = context;
  const { inventory } = needs;

  api.post(
    '/v1/servers/:ref/operations',
    {
      schema: {
        operationId: 'beginOperation',
        tags,
        description:
          'Idempotency-Key is required. 202: the operation runs. 200: done at once: accept, recover, write_off, and retire of a server that was never inspected.',
        params: byRef,
        headers: idempotencyKey,
        body: newOperation,
        response: { 200: server, 202: operation, ...problems },
      },
    },
    async (request, reply) => {
      requireIdempotencyKey(request);
      const { body, principal } = request;
      const { body: begun } = await answerOnce(request, reply, async (within) => {
        const subject = await findServer(within, request.params.ref);
        if (isAtOnce(body, subject)) return moveAtOnce(within, subject, body, principal);
        return begin(within, subject, body, makeId('operation', needs.clock.now(), needs.random(10)), principal);
      });
      await wake(context, begun);
      return reply;
    },
  );

  api.get(
    '/v1/servers/:ref/erasures',
    {
      schema: {
        operationId: 'listServerErasures',
        tags,
        description: 'The proof, disk by disk, that nothing was left on them. Newest first.',
        params: byRef,
        response: { 200: z.object({ items: z.array(erasure) }), ...problems },
      },
    },
    async (request) => {
      const subject = await findServer(inventory, request.params.ref);
      return { items: await inventory.servers.erasures(subject.id) };
    },
  );
}

type AtOnce = Extract<NewOperationBody, { type: 'accept' | 'recover' | 'retire' | 'write_off' }>;
type Begun = Exclude<NewOperationBody, { type: 'accept' | 'recover' | 'write_off' }>;

function isAtOnce(body: NewOperationBody, { state }: ServerRecord): body is AtOnce {
  if (body.type === 'retire') return isDoneAtOnce(state, 'retire');
  return body.type === 'accept' || body.type === 'recover' || body.type === 'write_off';
}

async function moveAtOnce(within: Inventory, subject: ServerRecord, body: AtOnce, by: string): Promise<Answer> {
  const retiredAs = body.type === 'retire' || body.type === 'write_off' ? body.params.outcome : undefined;
  const moved = await within.servers.move(subject.id, body.type, { by, reason: body.reason, retiredAs });
  return { status: 200, headers: {}, body: viewServer(moved) };
}

async function begin(
  within: Inventory,
  subject: ServerRecord,
  body: Begun,
  id: OperationId,
  requestedBy: string,
): Promise<Answer> {
  // Where the table has no way at all, that is what the caller is told.
  const missing = next(subject.state, body.type) === undefined ? undefined : missingFor(body.type, subject)[0];
  if (missing !== undefined) throw new Refusal(missing, { server: subject.name });
  if (body.type === 'provision' || body.type === 'reimage') await refuseUnknownReferences(within, body.params);
  const { type: event, params, reason } = body;
  const begun = await within.operations.begin(id, { serverId: subject.id, event, params, requestedBy, reason });
  return { status: 202, headers: { location: `/v1/operations/${begun.id}`, 'retry-after': '5' }, body: viewOperation(begun) };
}

/** The operation is written: should the queue be away, the sweep wakes it, and the caller need not know. */
async function wake({ needs, onError }: Pick<RouteContext, 'needs' | 'onError'>, answer: unknown): Promise<void> {
  const { kind, id } = answer as { kind: string; id: OperationId };
  if (kind === 'operation') await needs.wakeUp(id).catch(onError);
}
