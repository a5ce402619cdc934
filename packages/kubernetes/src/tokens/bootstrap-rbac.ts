// The three bindings by which kubelets with our tokens get client certificates signed and renewed, named as kubeadm does.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import { BOOTSTRAP_GROUP } from './bootstrap-token.ts';

const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const RBAC = 'rbac.authorization.k8s.io';
const CSRS = 'system:certificates.k8s.io:certificatesigningrequests';

const WANTED = [
  // name                                         role                          group
  ['kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', BOOTSTRAP_GROUP],
  ['kubeadm:node-autoapprove-bootstrap', `${CSRS}:nodeclient`, BOOTSTRAP_GROUP],
  ['kubeadm:node-autoapprove-certificate-rotation', `${CSRS}:selfnodeclient`, 'system:nodes'],
] as const;

type Subject = { kind: string; name: string; apiGroup?: string; namespace?: string };
type Binding = { metadata: { resourceVersion: string }; roleRef: { name: string }; subjects?: Subject[] };

export async function ensureBootstrapRbac(connection: Connection): Promise<void> {
  for (const [name, role, group] of WANTED) {
    const doing = `bind ${group} to ${role}`;
    const subject = { kind: 'Group', apiGroup: RBAC, name: group };
    const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: role };
    const body = { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects: [subject] };
    const created = await connection.ask({ method: 'POST', path: BINDINGS, body, doing });
    if (created.ok) continue;
    if (created.failure.status !== 409) throw failureFault(created.failure, doing);
    await addSubject(connection, name, role, subject, doing);
  }
}

async function addSubject(connection: Connection, name: string, role: string, subject: Subject, doing: string): Promise<void> {
  const path = `${BINDINGS}/${encodeURIComponent(name)}`;
  const present = await connection.call<Binding>({ method: 'GET', path, doing });
  if (present.roleRef.name !== role) {
    // A binding's role can't be changed, and deleting somebody's binding is not ours to do.
    const cause = new Error(`binding ${name} exists and gives ${present.roleRef.name}`);
    throw new Fault({ code: 'kubernetes_rejected', doing, retry: 'never', cause });
  }
  const subjects = present.subjects ?? [];
  if (subjects.some((s) => s.kind === 'Group' && s.name === subject.name)) return;
  const { resourceVersion } = present.metadata;
  await connection.call({
    method: 'PATCH',
    path,
    body: { metadata: { resourceVersion }, subjects: [...subjects, subject] },
    doing,
  });
}
