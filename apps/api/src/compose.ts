// apps/api: everything the API is made of, in the order it is made. Run by apps/rackwright, alone or beside the other roles.
import { hkdfSync } from 'node:crypto';
import type { FastifyServerOptions } from 'fastify';
import type { TargetPolicy } from '@rackwright/domain/webhooks/target.ts';
import { buildApi } from './build-api.ts';
import { type ApiConfig, type ListenConfig, refuseOpenDoor } from './config.ts';
import { hashToken } from './http/authenticate.ts';
import type { ApiNeeds } from './needs.ts';
import { storeNeeds, type StoreAndQueue } from './store-needs.ts';

export type ApiComposition = {
  listen: ListenConfig;
  /** Absent: whoever reaches the (loopback) port is the operator. */
  token: string | undefined;
  webhookTargets: TargetPolicy;
  logger?: FastifyServerOptions['logger'];
};
export type RunningApi = { url: string; close(): Promise<void> };

export async function composeApi(
  { listen, token, logger, webhookTargets }: ApiComposition,
  parts: StoreAndQueue,
): Promise<RunningApi> {
  const principal = 'operator';
  const authentication: ApiConfig['authentication'] =
    token === undefined ? { kind: 'none', principal } : { kind: 'tokens', tokens: [{ principal, sha256: hashToken(token) }] };
  const secret = new Uint8Array(hkdfSync('sha256', parts.keyring.current.bytes, '', 'rackwright/api', 32));
  return startApi(storeNeeds(parts), { authentication, secret, webhookTargets, logger: logger ?? false }, listen);
}

export async function startApi(needs: ApiNeeds, config: ApiConfig, listen: ListenConfig): Promise<RunningApi> {
  refuseOpenDoor(config, listen);
  const api = await buildApi(needs, config);
  const url = await api.listen(listen);
  return { url, close: () => api.close() };
}
