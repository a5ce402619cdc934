// A provisioning network: its addresses, and how our DHCP behaves on it.
import { z } from 'zod';
import { addressNumber, hasHostBits, isHostAddress } from '../addresses.ts';
import { idOf, name, stamps } from '../fields.ts';

export const DHCP_MODES = ['authoritative', 'pool', 'proxy', 'off'] as const;

const hosts = z.array(z.ipv4()).max(8);
const shape = {
  name,
  cidr: z.cidrv4().refine((cidr) => !hasHostBits(cidr), 'the address has bits beyond the prefix'),
  gateway: z.ipv4().nullable(),
  dns: hosts,
  domain: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, 'a domain name')
    .nullable(),
  ntp: hosts,
  dhcp: z.enum(DHCP_MODES).meta({
    description:
      'authoritative: answers the servers on file. pool: also strangers, from the pool. proxy: boot options beside another DHCP server. off.',
  }),
  pool: z.strictObject({ first: z.ipv4(), last: z.ipv4() }).nullable(),
};

export const network = z
  .object({
    kind: z.literal('network'),
    id: idOf('network'),
    siteId: idOf('site'),
    ...shape,
    cidr: z.string(),
    gateway: z.string().nullable(),
    dns: z.array(z.string()),
    ntp: z.array(z.string()),
    domain: z.string().nullable(),
    dhcp: z.string().meta({ examples: [...DHCP_MODES] }),
    pool: z.object({ first: z.string(), last: z.string() }).nullable(),
    ...stamps,
  })
  .meta({ id: 'Network' });
export type NetworkView = z.infer<typeof network>;

/** What must hold among the fields of a network, new or changed: `[field, sentence]` for each that does not. */
export function networkFaults(n: {
  cidr: string;
  gateway: string | null;
  dhcp: string;
  pool: { first: string; last: string } | null;
}): [field: 'gateway' | 'pool', message: string][] {
  const faults: [field: 'gateway' | 'pool', message: string][] = [];
  if (n.gateway !== null && !isHostAddress(n.cidr, n.gateway)) faults.push(['gateway', `not a host address of ${n.cidr}`]);
  if (n.dhcp === 'pool' && n.pool === null) faults.push(['pool', 'needed when dhcp is pool']);
  if (n.pool !== null) {
    const { first, last } = n.pool;
    if (!isHostAddress(n.cidr, first) || !isHostAddress(n.cidr, last)) faults.push(['pool', `not inside ${n.cidr}`]);
    if (addressNumber(first) > addressNumber(last)) faults.push(['pool', 'first comes after last']);
  }
  return faults;
}

export const newNetwork = z
  .strictObject({
    siteId: idOf('site'),
    ...shape,
    gateway: shape.gateway.default(null),
    dns: shape.dns.default([]),
    domain: shape.domain.default(null),
    ntp: shape.ntp.default([]),
    dhcp: shape.dhcp.default('authoritative'),
    pool: shape.pool.default(null),
  })
  .superRefine((input, context) => {
    for (const [field, message] of networkFaults(input)) context.addIssue({ code: 'custom', path: [field], message });
  })
  .meta({ id: 'NewNetwork' });

export const networkChange = z
  .strictObject({
    name: shape.name.optional(),
    cidr: shape.cidr.optional(),
    gateway: shape.gateway.optional(),
    dns: shape.dns.optional(),
    domain: shape.domain.optional(),
    ntp: shape.ntp.optional(),
    dhcp: shape.dhcp.optional(),
    pool: shape.pool.optional(),
  })
  .meta({ id: 'NetworkChange' });
