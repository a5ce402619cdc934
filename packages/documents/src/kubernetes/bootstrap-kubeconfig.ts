// The kubeconfig with which a kubelet asks for its first certificate: good for nothing else, and only for this server's token.
import { CA_PATH } from './node-paths.ts';

export type BootstrapToken = { id: string; secret: string };

/** @param apiServerUrl  `https://api.c1.example:6443` */
export function bootstrapKubeconfig({ apiServerUrl, token }: { apiServerUrl: string; token: BootstrapToken }): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: ${JSON.stringify(apiServerUrl)}
      certificate-authority: ${CA_PATH}
users:
  - name: kubelet-bootstrap
    user:
      token: ${token.id}.${token.secret}
contexts:
  - name: bootstrap
    context:
      cluster: cluster
      user: kubelet-bootstrap
current-context: bootstrap
`;
}
