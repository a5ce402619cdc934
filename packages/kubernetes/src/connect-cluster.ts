// Puts together everything we can do with one cluster.
import type { ClusterApi, ClusterEndpoint } from './cluster-api.ts';
import { csrMethods } from './csr/csr-methods.ts';
import { drainMethods } from './drain/drain-pass.ts';
import { outlookMethods } from './drain/outlook.ts';
import { readHealth } from './health.ts';
import { openConnection } from './http/connection.ts';
import { discoverGroupVersions } from './http/group-versions.ts';
import { controlPlaneMethods } from './control-plane/control-plane.ts';
import { volumeMethods } from './volumes/attached-volumes.ts';
import { cordonMethods } from './nodes/cordon.ts';
import { nodeMethods } from './nodes/nodes.ts';
import { ensureBootstrapRbac } from './tokens/bootstrap-rbac.ts';
import { deleteTokensOf, tokenMethods } from './tokens/bootstrap-token.ts';

/** Opens nothing yet: the first request connects. `now` is for tests. */
export function connectCluster(endpoint: ClusterEndpoint, now: () => Date = () => new Date()): ClusterApi {
  const connection = openConnection(endpoint);
  const versions = discoverGroupVersions(connection);
  const { deletePendingOf, ...certificates } = csrMethods(connection, now);
  const closing = new AbortController();
  return {
    health: () => readHealth(connection),
    ensureBootstrapRbac: () => ensureBootstrapRbac(connection),
    ...tokenMethods(connection),
    ...nodeMethods(connection, closing.signal),
    ...certificates,
    ...cordonMethods(connection, now),
    ...controlPlaneMethods(connection),
    ...volumeMethods(connection),
    ...drainMethods(connection, versions, now),
    ...outlookMethods(connection, versions),
    // The token first: without it no new request can come while the old ones are deleted.
    async revokeAccess({ serverId, nodeName }) {
      await deleteTokensOf(connection, serverId);
      await deletePendingOf(nodeName);
    },
    async close() {
      closing.abort();
      await connection.close();
    },
  };
}
