// An existing Kubernetes cluster that servers join: where its API server is, how to trust it, how to sign in.
import { z } from 'zod';
import { idOf, name, stamps } from '../fields.ts';

const apiEndpoint = z
  .string()
  .max(300)
  .refine((text) => /^https:\/\/[^/?#@\s]+$/.test(text) && URL.canParse(text), 'https://<host>:<port>, without a path');
const ca = z
  .string()
  .max(65_536)
  .regex(/^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/, 'one or more certificates in PEM');
/** A kubeconfig: whatever way of signing in it holds must stand in it, not in files or programs it names. */
const credentials = z
  .string()
  .min(1)
  .max(262_144)
  .meta({ writeOnly: true, description: 'A kubeconfig (YAML or JSON). Never given back.' });
const kubernetesVersion = z.string().regex(/^v?\d+\.\d+(\.\d+)?([-+.][0-9A-Za-z.-]+)?$/, 'a version such as 1.34.2');
const settings = z
  .record(z.string().max(64), z.json())
  .refine((value) => JSON.stringify(value).length <= 65_536, 'at most 64 KiB')
  .meta({ description: 'Pod and service networks, DNS domain and the like, for whoever writes the seed.' });

export const cluster = z
  .object({
    kind: z.literal('cluster'),
    id: idOf('cluster'),
    name: z.string(),
    apiEndpoint: z.string(),
    ca: z.string(),
    kubernetesVersion: z.string(),
    settings: z.record(z.string(), z.unknown()),
    hasCredentials: z.boolean(),
    ...stamps,
  })
  .meta({ id: 'Cluster' });
export type ClusterView = z.infer<typeof cluster>;

export const newCluster = z
  .strictObject({ name, apiEndpoint, ca, kubernetesVersion, settings: settings.default({}), credentials: credentials.optional() })
  .meta({ id: 'NewCluster' });

export const clusterChange = z
  .strictObject({
    name: name.optional(),
    apiEndpoint: apiEndpoint.optional(),
    ca: ca.optional(),
    kubernetesVersion: kubernetesVersion.optional(),
    settings: settings.optional(),
    credentials: credentials.optional(),
  })
  .meta({ id: 'ClusterChange' });
