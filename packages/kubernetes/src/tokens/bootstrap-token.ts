// Bootstrap tokens: Secrets in kube-system that let one machine ask for its client certificate, for a short while.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { BootstrapToken, ClusterApi } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import { listAll } from '../http/list-all.ts';
import type { SecretObject } from '../http/objects.ts';

const SECRETS = '/api/v1/namespaces/kube-system/secrets';
/** Must begin with `system:bootstrappers:`; this one is what kubeadm's bindings are made for. */
export const BOOTSTRAP_GROUP = 'system:bootstrappers:kubeadm:default-node-token';
const SERVER_LABEL = 'rackwright.io/server';
const NODE_ANNOTATION = 'rackwright.io/node-name';

type TokenMethods = Pick<ClusterApi, 'createBootstrapToken' | 'extendBootstrapToken' | 'deleteBootstrapToken'>;

function secretPath(id: string): string {
  return `${SECRETS}/bootstrap-token-${id}`;
}

export function tokenMethods(connection: Connection): TokenMethods {
  return {
    async createBootstrapToken(token) {
      refuseMalformed(token);
      const doing = `create the bootstrap token of server ${token.serverId}`;
      const body = secretOf(token);
      const created = await connection.ask({ method: 'POST', path: SECRETS, body, doing });
      if (!created.ok && created.failure.status !== 409) throw failureFault(created.failure, doing);
      if (!created.ok) {
        const present = await connection.find<SecretObject>({ method: 'GET', path: secretPath(token.id), doing });
        const owner = present?.metadata.labels?.[SERVER_LABEL];
        if (present && owner !== token.serverId) throw new Refusal('bootstrap_token_taken', { server: token.serverId });
        await connection.call({ method: 'PATCH', path: secretPath(token.id), body, doing });
      }
      await deleteTokensOf(connection, token.serverId, token.id);
    },

    async extendBootstrapToken(id, expiresAt) {
      const body = { stringData: { expiration: expirationOf(expiresAt) } };
      const doing = `extend bootstrap token ${id}`;
      const extended = await connection.find({ method: 'PATCH', path: secretPath(id), body, doing });
      if (extended === undefined) throw new Refusal('bootstrap_token_gone', { token: id });
    },

    async deleteBootstrapToken(id) {
      await connection.find({ method: 'DELETE', path: secretPath(id), doing: `delete bootstrap token ${id}` });
    },
  };
}

/** One token a server: an older one would let a copied disk join in its name. */
export async function deleteTokensOf(connection: Connection, serverId: string, exceptId?: string): Promise<void> {
  const doing = `delete the bootstrap tokens of server ${serverId}`;
  const selector = { labelSelector: `${SERVER_LABEL}=${serverId}` };
  const { items } = await listAll<SecretObject, string>(connection, SECRETS, selector, doing, (s) => s.metadata.name);
  for (const name of items) {
    if (name === `bootstrap-token-${exceptId}`) continue;
    await connection.find({ method: 'DELETE', path: `${SECRETS}/${name}`, doing });
  }
}

/** The Secret as Kubernetes documents it (bootstrap token secret format). */
function secretOf(token: BootstrapToken) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `bootstrap-token-${token.id}`,
      namespace: 'kube-system',
      labels: { [SERVER_LABEL]: token.serverId },
      annotations: { [NODE_ANNOTATION]: token.nodeName },
    },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': token.id,
      'token-secret': token.secret,
      expiration: expirationOf(token.expiresAt),
      'usage-bootstrap-authentication': 'true',
      // Signing puts the token's mark on the public cluster-info ConfigMap: kubeadm join checks the CA by it.
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': BOOTSTRAP_GROUP,
      description: `Rackwright: server ${token.serverId} joins as ${token.nodeName}`,
    },
  };
}

/** RFC 3339 in UTC, without fractions: what kubeadm writes and the token cleaner reads. */
function expirationOf(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

function refuseMalformed(token: BootstrapToken): void {
  if (!/^[a-z0-9]{6}$/.test(token.id)) throw new Refusal('bootstrap_token_malformed', { part: 'id' });
  if (!/^[a-z0-9]{16}$/.test(token.secret)) throw new Refusal('bootstrap_token_malformed', { part: 'secret' });
  // The server's id becomes a label's value.
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(token.serverId)) {
    throw new Refusal('bootstrap_token_malformed', { part: 'serverId' });
  }
}
