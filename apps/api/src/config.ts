// How the API is set up. Read from the environment by main.ts only.
import type { FastifyServerOptions } from 'fastify';
import type { TargetPolicy } from '@rackwright/domain/webhooks/target.ts';
import type { Authentication } from './http/authenticate.ts';

export type ApiConfig = {
  authentication: Authentication;
  /** 32 bytes that all replicas share: seals page tokens, keys the hashes of request bodies. */
  secret: Uint8Array;
  logger?: FastifyServerOptions['logger'];
  /** The public internet over https unless told; the worker judges again. */
  webhookTargets?: TargetPolicy;
  /** Event streams open at once; 200 unless told. */
  maxStreams?: number;
  /** 30 s and 15 s unless told: how often an event stream says where it is, and that it lives. */
  bookmarkMs?: number;
  heartbeatMs?: number;
};

export type ListenConfig = { host: string; port: number };

/** Throws when the API would stand open to the network. */
export function refuseOpenDoor(config: Pick<ApiConfig, 'authentication'>, { host }: ListenConfig): void {
  const loopback = host === '127.0.0.1' || host === '::1' || host === 'localhost';
  const { authentication } = config;
  if (loopback) return;
  if (authentication.kind === 'none') throw new Error(`no API tokens are configured: refusing to listen on ${host}`);
  if (authentication.tokens.length === 0) throw new Error('the list of API tokens is empty');
}
