// Finds out what this server speaks: eviction is policy/v1 from 1.22 on and policy/v1beta1 before.
import type { Connection } from './connection.ts';

type GroupList = { groups?: { name: string; versions?: { version: string }[] }[] };
type ResourceList = { resources?: { name: string; kind: string; group?: string; version?: string }[] };

export interface GroupVersions {
  /** `policy/v1` or `policy/v1beta1`: the apiVersion of an Eviction. */
  eviction(): Promise<string>;
}

/** Asked once and remembered: a server that is upgraded under us still understands the older one for many releases. */
export function discoverGroupVersions(connection: Connection): GroupVersions {
  let eviction: Promise<string> | undefined;
  return {
    eviction() {
      eviction ??= findEviction(connection).catch((cause) => {
        eviction = undefined;
        throw cause;
      });
      return eviction;
    },
  };
}

async function findEviction(connection: Connection): Promise<string> {
  const doing = 'discover which evictions the API server knows';
  const core = await connection.call<ResourceList>({ method: 'GET', path: '/api/v1', doing });
  const named = core.resources?.find((resource) => resource.name === 'pods/eviction');
  if (named?.group && named.version) return `${named.group}/${named.version}`;
  const groups = await connection.call<GroupList>({ method: 'GET', path: '/apis', doing });
  const policy = groups.groups?.find((group) => group.name === 'policy');
  return policy?.versions?.some(({ version }) => version === 'v1') ? 'policy/v1' : 'policy/v1beta1';
}
