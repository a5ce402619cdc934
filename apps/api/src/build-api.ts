// The API: what every request goes through, and the routes.
import { randomUUID } from 'node:crypto';
import { minutes } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { ApiConfig } from './config.ts';
import { openEventFeed } from './events/feed.ts';
import { authenticate } from './http/authenticate.ts';
import { answerOnce } from './http/idempotent.ts';
import { pageTokens } from './http/page-tokens.ts';
import { sendProblem } from './http/problems.ts';
import { stopPromptly } from './http/stop-promptly.ts';
import { validatorCompiler } from './http/validate.ts';
import type { ApiNeeds } from './needs.ts';
import { describeApi } from './openapi.ts';
import { coldStartRoutes } from './routes/cold-starts.ts';
import { bmcReadingRoutes } from './routes/bmc-readings.ts';
import { clusterRoutes } from './routes/clusters.ts';
import { bulkOperationRoutes } from './routes/bulk-operations.ts';
import type { Api, RouteContext } from './routes/context.ts';
import { erasureCertificateRoutes } from './routes/erasure-certificates.ts';
import { diskRemovalRoutes } from './routes/disk-removals.ts';
import { discoveryRoutes } from './routes/discoveries.ts';
import { eventRoutes } from './routes/events.ts';
import { hardwareModelRoutes } from './routes/hardware-models.ts';
import { healthRoutes } from './routes/health.ts';
import { imageRoutes } from './routes/images.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { networkRoutes } from './routes/networks.ts';
import { operationRoutes } from './routes/operations.ts';
import { planRoutes } from './routes/plans.ts';
import { powerRoutes } from './routes/power.ts';
import { enclosureRoutes } from './routes/enclosures.ts';
import { rackRoutes } from './routes/racks.ts';
import { replacementRoutes } from './routes/replacements.ts';
import { MERGE_PATCH } from './routes/schema.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { scheduleRunRoutes } from './routes/schedule-runs.ts';
import { serverHardwareRoutes } from './routes/server-hardware.ts';
import { serverHealthRoutes } from './routes/server-health.ts';
import { serverImportRoutes } from './routes/server-imports.ts';
import { serverOperationRoutes } from './routes/server-operations.ts';
import { serverRoutes } from './routes/servers.ts';
import { siteRoutes } from './routes/sites.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { deliveryRoutes } from './routes/webhook-deliveries.ts';
import { webhookOperationRoutes } from './routes/webhook-operations.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { workOrderActionRoutes } from './routes/work-order-actions.ts';
import { workOrderRoutes } from './routes/work-orders.ts';

const BODY_LIMIT = 1024 * 1024;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Paths of log lines that are never written out, should somebody log a body one day. */
const SECRETS = [
  'req.headers.authorization',
  'req.headers.cookie',
  '*.password',
  '*.credentials',
  '*.*.password',
  '*.*.credentials',
  '*.secret',
  '*.*.secret',
];

/** Ready to listen, or to answer `inject`. Closing it ends the streams, waits for running requests, and leaves `needs` open. */
export async function buildApi(needs: ApiNeeds, config: ApiConfig): Promise<FastifyInstance> {
  const api = Fastify({
    logger: withRedaction(config.logger),
    bodyLimit: BODY_LIMIT,
    // For the whole body: an image of gigabytes over a slow link takes its time.
    requestTimeout: minutes(30),
    keepAliveTimeout: minutes(1),
    forceCloseConnections: 'idle',
    genReqId: ({ headers }) =>
      typeof headers['x-request-id'] === 'string' && UUID.test(headers['x-request-id']) ? headers['x-request-id'] : randomUUID(),
    routerOptions: { maxParamLength: 256 },
  }) as unknown as Api;
  api.setValidatorCompiler(validatorCompiler as never);
  api.setSerializerCompiler(serializerCompiler);
  acceptOnlyJson(api);
  api.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  api.addHook('onSend', async (_request, reply) => void reply.header('x-content-type-options', 'nosniff'));
  authenticate(api, config.authentication);
  api.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  const refusal = noSuchPath(api);
  api.setNotFoundHandler((request, reply) => sendProblem(refusal(request.url), request, reply));
  await describeApi(api);
  await addRoutes(api, needs, config);
  await api.ready();
  return api;
}

async function addRoutes(api: Api, needs: ApiNeeds, config: ApiConfig): Promise<void> {
  const onError = (error: unknown): void => api.log.error({ err: error }, 'in the background');
  const feed = await openEventFeed(needs.events, onError);
  const closing = new AbortController();
  const stopConnections = stopPromptly(api.server);
  api.addHook('preClose', async () => {
    closing.abort();
    feed.close();
    stopConnections();
  });
  const context: RouteContext = {
    needs,
    config,
    feed,
    onError,
    closing: closing.signal,
    pageTokens: pageTokens(config.secret, needs.clock, needs.random),
    answerOnce: answerOnce(needs, config.secret),
  };
  serverRoutes(api, context);
  serverHardwareRoutes(api, context);
  bmcReadingRoutes(api, context);
  hardwareModelRoutes(api, context);
  serverImportRoutes(api, context);
  serverOperationRoutes(api, context);
  operationRoutes(api, context);
  planRoutes(api, context);
  bulkOperationRoutes(api, context);
  replacementRoutes(api, context);
  erasureCertificateRoutes(api, context);
  discoveryRoutes(api, context);
  incidentRoutes(api, context);
  serverHealthRoutes(api, context);
  eventRoutes(api, context);
  siteRoutes(api, context);
  rackRoutes(api, context);
  enclosureRoutes(api, context);
  powerRoutes(api, context);
  coldStartRoutes(api, context);
  networkRoutes(api, context);
  imageRoutes(api, context);
  uploadRoutes(api, context);
  clusterRoutes(api, context);
  webhookRoutes(api, context);
  webhookOperationRoutes(api, context);
  deliveryRoutes(api, context);
  scheduleRoutes(api, context);
  scheduleRunRoutes(api, context);
  diskRemovalRoutes(api, context);
  workOrderRoutes(api, context);
  workOrderActionRoutes(api, context);
  healthRoutes(api, context);
}

/** JSON for POST, merge patches for PATCH: a patch sent as JSON would be a promise to replace what is not named. */
function acceptOnlyJson(api: Api): void {
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeAllContentTypeParsers();
  api.addContentTypeParser(['application/json', MERGE_PATCH], { parseAs: 'string' }, (request, body, done) => {
    const wanted = request.method === 'PATCH' ? MERGE_PATCH : 'application/json';
    if (!request.headers['content-type']?.startsWith(wanted)) {
      return done(new Refusal('unsupported_media_type', { expected: wanted }));
    }
    void parse(request, body as string, done);
  });
}

/** Must be asked before the routes are added. Says 405 where the path answers another method. */
function noSuchPath(api: Api): (url: string) => Refusal {
  const known = new Set<string>();
  api.addHook('onRoute', ({ url }) => void known.add(url.replace(/:[a-z]+/g, '[^/]+')));
  return (url) => {
    const path = url.split('?')[0] ?? '';
    const answersOthers = [...known].some((pattern) => new RegExp(`^${pattern}$`).test(path));
    return answersOthers ? new Refusal('method_not_allowed') : new Refusal('not_found', { kind: 'path', id: path });
  };
}

function withRedaction(logger: ApiConfig['logger']): NonNullable<ApiConfig['logger']> {
  if (logger === undefined || logger === false) return false;
  return { ...(logger === true ? {} : logger), redact: { paths: SECRETS, censor: '(secret)' } };
}
