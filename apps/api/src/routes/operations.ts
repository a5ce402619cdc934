// /v1/operations: how far they are, waiting for their end, answering what they ask, cancelling.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { cancelOperation, newAnswer, operation, operationFilter } from '@rackwright/api-contract/resources/operation.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import { type OperationId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import type { OperationRecord } from '../records.ts';
import { viewOperation } from '../views/operation.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { idempotencyKey, problems, byId } from './schema.ts';
import { idOrRefuse } from './references.ts';

const LONGEST_WAIT_SECONDS = 30;
const listQuery = z.strictObject({ ...pageQuery, ...operationFilter });
const getQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^\d{1,2}s$/, 'seconds, such as 20s')
    .optional()
    .meta({ description: `Answer when the operation has ended, or after this long (at most ${LONGEST_WAIT_SECONDS}s).` }),
});
const tags = ['operations'];

export function operationRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  changeRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { operations } = context.needs.inventory;

  api.get(
    '/v1/operations',
    {
      schema: { operationId: 'listOperations', tags, querystring: listQuery, response: { 200: pageOf(operation), ...problems } },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'operations', ...filter },
        (page) => operations.list(page, filter),
        viewOperation,
      ),
  );

  api.get(
    '/v1/operations/:id',
    {
      schema: {
        operationId: 'getOperation',
        tags,
        params: byId,
        querystring: getQuery,
        response: { 200: operation, ...problems },
      },
    },
    async (request, reply) => {
      const id = idOrRefuse('operation', request.params.id);
      const wait = seconds(Math.min(Number.parseInt(request.query.wait ?? '0', 10), LONGEST_WAIT_SECONDS));
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      return viewOperation(await untilEnded(context, id, wait, AbortSignal.any([gone.signal, context.closing])));
    },
  );
}

function changeRoutes(api: Api, { needs, answerOnce, onError }: RouteContext): void {
  api.post(
    '/v1/operations/:id/answers',
    {
      schema: {
        operationId: 'answerOperation',
        tags,
        description:
          'A person answers what the operation waits for (waitingFor.code): force or keep for operator_answer, confirm_power_off ' +
          'with a name and what was seen for fence_unproven. Kept in the timeline; the same answer may be repeated.',
        params: byId,
        headers: idempotencyKey,
        body: newAnswer,
        response: { 202: operation, ...problems },
      },
    },
    async (request, reply) => {
      const id = idOrRefuse('operation', request.params.id);
      await answerOnce(request, reply, async (within) => {
        const answered = await within.operations.answer(id, request.body, request.principal);
        return { status: 202, headers: { location: `/v1/operations/${id}` }, body: viewOperation(answered) };
      });
      await needs.wakeUp(id).catch(onError);
      return reply;
    },
  );

  api.post(
    '/v1/operations/:id/cancel',
    {
      schema: {
        operationId: 'cancelOperation',
        tags,
        description: 'No further step is begun, and what can be undone is undone. May be repeated.',
        params: byId,
        headers: idempotencyKey,
        body: cancelOperation,
        response: { 202: operation, ...problems },
      },
    },
    async (request, reply) => {
      const id = idOrRefuse('operation', request.params.id);
      await answerOnce(request, reply, async (within) => {
        const cancelled = await within.operations.requestCancel(id, request.principal, request.body.reason);
        return { status: 202, headers: { location: `/v1/operations/${id}` }, body: viewOperation(cancelled) };
      });
      await needs.wakeUp(id).catch(onError);
      return reply;
    },
  );
}

/** Looks again whenever something happened, and at the end of the time. */
async function untilEnded(
  { needs, feed }: RouteContext,
  id: OperationId,
  waitMs: number,
  gone: AbortSignal,
): Promise<OperationRecord> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    let seen = feed.position().seq;
    const found = await needs.inventory.operations.get(id);
    if (found.state !== 'running' || performance.now() >= deadline || gone.aborted) return found;
    for (let concerns = false; !concerns && performance.now() < deadline && !gone.aborted; ) {
      await feed.newerThan(seen, deadline - performance.now(), gone);
      const events = await feed.after(seen, 500);
      seen = events.at(-1)?.seq ?? seen;
      concerns = events.some((event) => event.operationId === id);
    }
  }
}
