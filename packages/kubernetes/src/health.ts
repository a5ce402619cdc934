// Is the API server ready to serve? Its own /readyz decides; who is not ready says which check fails.
import type { ClusterHealth } from './cluster-api.ts';
import type { Connection } from './http/connection.ts';
import { failureFault, readFailure } from './http/faults.ts';

export async function readHealth(connection: Connection): Promise<ClusterHealth> {
  const doing = 'ask the API server whether it is ready';
  const { status, text } = await connection.text('/readyz?verbose', doing);
  if (status === 401 || status === 403) throw failureFault(readFailure(status, text, undefined), doing);
  const version = await connection.call<{ gitVersion?: string }>({ method: 'GET', path: '/version', doing });
  // Verbose lines are "[+]etcd ok" and "[-]etcd failed: reason withheld".
  const failing = text.split('\n').flatMap((line) => /^\[-\](\S+)/.exec(line)?.[1] ?? []);
  return { ready: status === 200, version: version.gitVersion ?? '', failing: failing.slice(0, 20) };
}
