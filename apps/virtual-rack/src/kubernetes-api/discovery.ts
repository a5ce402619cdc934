// What the simulated API server says of itself: /api, /apis, /apis/<group>/<version>, /version.
import { groupVersionOf, RESOURCES, type Resource, SHORT_NAMES } from './resources.ts';

export type Dialect = {
  gitVersion: string;
  /** `policy/v1beta1` is what a server before 1.22 knows. */
  eviction: 'policy/v1' | 'policy/v1beta1';
};

/** Undefined when the path is no discovery path. */
export function discover(path: string, dialect: Dialect): object | undefined {
  const spoken = RESOURCES.filter(
    (resource) => resource.version !== 'v1' || resource.group !== 'policy' || dialect.eviction === 'policy/v1',
  );
  const parts = path.split('/').filter(Boolean);
  if (path === '/version') return { gitVersion: dialect.gitVersion, major: '1', minor: dialect.gitVersion.split('.')[1] ?? '' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(spoken) };
  const groupVersion = parts[0] === 'api' ? parts.slice(1).join('/') : parts[0] === 'apis' ? parts.slice(1).join('/') : undefined;
  if (groupVersion === undefined || parts.length > 3) return undefined;
  const resources = spoken.filter((resource) => groupVersionOf(resource) === groupVersion);
  if (resources.length > 0) return resourceList(groupVersion, resources, dialect);
  return groupsOf(spoken).find((group) => group.name === groupVersion);
}

function groupsOf(resources: readonly Resource[]) {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of resources) {
    if (group !== '') groups.set(group, (groups.get(group) ?? new Set()).add(version));
  }
  return [...groups].map(([name, found]) => {
    const versions = [...found].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion: versions[0] };
  });
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

function resourceList(groupVersion: string, resources: readonly Resource[], dialect: Dialect) {
  const [evictionGroup, evictionVersion] = dialect.eviction.split('/');
  const entries = resources.flatMap(({ plural, kind, namespaced, subresources }) => [
    { name: plural, singularName: kind.toLowerCase(), shortNames: shortNamesOf(plural), kind, namespaced, verbs: VERBS },
    ...subresources.map((sub) =>
      sub === 'eviction'
        ? {
            name: `${plural}/eviction`,
            singularName: '',
            kind: 'Eviction',
            group: evictionGroup,
            version: evictionVersion,
            namespaced,
            verbs: ['create'],
          }
        : { name: `${plural}/${sub}`, singularName: '', kind, namespaced, verbs: ['get', 'patch', 'update'] },
    ),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: entries };
}

function shortNamesOf(plural: string): string[] {
  const short = SHORT_NAMES[plural];
  return short === undefined ? [] : [short];
}
