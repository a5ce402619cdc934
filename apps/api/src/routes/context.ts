// What every route is given.
import type { FastifyInstance, RawServerDefault } from 'fastify';
import type { FastifyBaseLogger } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiConfig } from '../config.ts';
import type { EventFeed } from '../events/feed.ts';
import type { AnswerOnce } from '../http/idempotent.ts';
import type { PageTokens } from '../http/page-tokens.ts';
import type { ApiNeeds } from '../needs.ts';

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export type RouteContext = {
  needs: ApiNeeds;
  config: ApiConfig;
  pageTokens: PageTokens;
  answerOnce: AnswerOnce;
  feed: EventFeed;
  /** Trouble that no caller is told of. */
  onError: (error: unknown) => void;
  /** Fires when the server closes: streams and long polls end. */
  closing: AbortSignal;
};
