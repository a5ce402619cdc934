// GET /v1/events: what happens, as it happens, resumable from the last event that was read.
import { event, readCursor, sayCursor } from '@rackwright/api-contract/resources/event.ts';
import { idOf } from '@rackwright/api-contract/fields.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { streamEvents, type StreamFormat } from '../events/stream.ts';
import { RequestInvalid } from '../http/request-invalid.ts';
import type { EventRecord } from '../needs.ts';
import type { Api, RouteContext } from './context.ts';
import { problems } from './schema.ts';

const query = z.strictObject({
  kinds: z
    .string()
    .max(500)
    .optional()
    .meta({ description: 'Comma-separated: subjects (server) or kinds of event (server.moved). All unless told.' }),
  serverId: idOf('server').optional(),
  since: z.string().max(100).optional().meta({ description: 'An event’s id or a list’s eventCursor. From now on unless told.' }),
});
const headers = z.object({ 'last-event-id': z.string().max(100).optional().meta({ description: 'Wins over `since`.' }) });

const SSE_HEADERS = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
const LINES_HEADERS = { 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' };

export function eventRoutes(api: Api, context: RouteContext): void {
  const { feed, config } = context;
  const most = config.maxStreams ?? 200;
  let open = 0;

  api.get(
    '/v1/events',
    {
      // A HEAD would open a stream and read none of it.
      exposeHeadRoute: false,
      schema: {
        operationId: 'watchEvents',
        tags: ['events'],
        description:
          'Server-sent events, or lines of JSON with `Accept: application/x-ndjson`. A `bookmark` says where the stream is though ' +
          'nothing matched. When the events from the cursor on are no longer kept: an event `reset` and the end (lines: 410). ' +
          'At least once, in order.',
        querystring: query,
        headers,
        response: {
          200: {
            description: 'The stream',
            content: { 'text/event-stream': { schema: z.string() }, 'application/x-ndjson': { schema: event } },
          },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const format: StreamFormat = request.headers.accept?.includes('application/x-ndjson') ? 'ndjson' : 'sse';
      const from = await startOf(context, request.headers['last-event-id'] ?? request.query.since);
      if (from === 'expired' && format === 'ndjson') throw new Refusal('event_cursor_expired');
      if (open >= most) throw new Refusal('too_many_streams', { limit: most });
      const response = takeOver(request, reply, format);
      if (from === 'expired') {
        response.end(`retry: 2000\n\nid: ${sayCursor(feed.position())}\nevent: reset\ndata: {}\n\n`);
        return;
      }
      open++;
      try {
        await streamEvents(response, feed, {
          format,
          from: from.seq,
          epoch: from.epoch,
          wants: wanted(request.query),
          bookmarkMs: config.bookmarkMs ?? seconds(30),
          heartbeatMs: config.heartbeatMs ?? seconds(15),
          closing: context.closing,
        });
      } catch (error) {
        context.onError(error);
        response.destroy();
      } finally {
        open--;
      }
    },
  );
}

type Start = { epoch: string; seq: number };

async function startOf({ feed }: Pick<RouteContext, 'feed'>, text: string | undefined): Promise<Start | 'expired'> {
  if (text === undefined) return feed.now();
  const cursor = readCursor(text);
  if (!cursor) throw new RequestInvalid([{ pointer: '/query/since', code: 'invalid', message: 'not the id of an event' }]);
  return (await feed.canResume(cursor)) ? cursor : 'expired';
}

function takeOver(request: FastifyRequest, reply: FastifyReply, format: StreamFormat): FastifyReply['raw'] {
  reply.hijack();
  const headersOf = format === 'sse' ? SSE_HEADERS : LINES_HEADERS;
  // A stream's connection is good for nothing after it, and kept alive it would hold up the server's stop.
  const rest = { 'cache-control': 'no-store', connection: 'close', 'x-request-id': request.id };
  reply.raw.writeHead(200, { ...headersOf, ...rest });
  // Twenty seconds of silence on TCP would otherwise look like nothing at all to a peer that vanished.
  request.raw.socket.setKeepAlive(true, seconds(20));
  request.raw.socket.setTimeout(0);
  return reply.raw;
}

function wanted({ kinds, serverId }: z.infer<typeof query>): (event: EventRecord) => boolean {
  const words = kinds === undefined ? undefined : new Set(kinds.split(',').map((kind) => kind.trim()));
  return (seen) =>
    (words === undefined || words.has(seen.subjectKind) || words.has(seen.kind)) &&
    (serverId === undefined || seen.serverId === serverId);
}
