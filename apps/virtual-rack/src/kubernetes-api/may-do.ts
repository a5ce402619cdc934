// What an identity may do: administrators all, kubelets what Kubernetes' Node authoriser and RBAC would let them.
import { ApiRefusal } from './answers.ts';
import type { Identity } from './identities.ts';
import type { ObjectStore } from './object-store.ts';
import type { ApiPath } from './resources.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** Throws ApiRefusal 403. `name` is also that of the object being created. */
export function insistAllowed(
  store: ObjectStore,
  who: Identity,
  verb: Verb,
  path: ApiPath,
  name: string | undefined,
  fields: string,
): void {
  if (who.groups.includes('system:masters')) return;
  if (who.groups.includes('system:nodes') && mayNode(who, verb, path, name, fields)) return;
  if (mayAskForCertificate(verb, path) && isBound(store, who, 'system:node-bootstrapper')) return;
  const what = `${path.resource.plural}${name === undefined ? '' : ` "${name}"`}`;
  throw new ApiRefusal(
    403,
    'Forbidden',
    `${what} is forbidden: User "${who.username}" cannot ${verb} resource "${path.resource.plural}"`,
  );
}

/** Does some ClusterRoleBinding give this role to a group of theirs? */
export function isBound(store: ObjectStore, who: Identity, role: string): boolean {
  return store.list('rbac.authorization.k8s.io/clusterrolebindings').some((binding) => {
    if ((binding.roleRef as { name?: string } | undefined)?.name !== role) return false;
    const subjects = (binding.subjects ?? []) as { kind: string; name: string }[];
    return subjects.some(({ kind, name }) => kind === 'Group' && who.groups.includes(name));
  });
}

function mayAskForCertificate(verb: Verb, { resource, subresource }: ApiPath): boolean {
  const asked = verb === 'create' || verb === 'get' || verb === 'list' || verb === 'watch';
  return resource.plural === 'certificatesigningrequests' && subresource === undefined && asked;
}

function mayNode(who: Identity, verb: Verb, path: ApiPath, name: string | undefined, fields: string): boolean {
  const own = who.username.replace(/^system:node:/, '');
  switch (path.resource.plural) {
    case 'certificatesigningrequests':
      return mayAskForCertificate(verb, path);
    case 'nodes':
      return verb === 'get' || ((verb === 'create' || verb === 'patch' || verb === 'update') && name === own);
    case 'leases':
      return path.namespace === 'kube-node-lease' && name === own;
    case 'pods':
      if (verb === 'list' || verb === 'watch') return fields === `spec.nodeName=${own}`;
      return verb === 'get' || verb === 'delete' || (verb === 'patch' && path.subresource === 'status');
    default:
      return false;
  }
}
