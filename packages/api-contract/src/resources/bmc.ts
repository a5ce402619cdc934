// How a server's BMC is told of: credentials go in and never come out.
import { z } from 'zod';

const credentials = z
  .strictObject({ username: z.string().min(1).max(64), password: z.string().max(256) })
  .meta({ writeOnly: true });

const tls = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('insecure') }),
  z.strictObject({ mode: z.literal('ca'), ca: z.string().min(1).max(65_536) }),
  z.strictObject({
    mode: z.literal('pin'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 of the certificate (DER), 64 lower-case hexadecimal digits'),
  }),
]);

const hostName = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/, 'a host name or address')
  .max(253);
/** Only scheme, host and port: what else an URL can hold (names, paths, queries) has no business in an address. */
const origin = z
  .string()
  .max(300)
  .refine(isOrigin, 'https://<host> or https://<host>:<port>, without a path; http:// only in a lab');

const redfish = z.strictObject({
  protocol: z.literal('redfish'),
  address: origin,
  tls: tls.optional(),
  credentials: credentials.optional(),
});
const ipmi = z.strictObject({
  protocol: z.literal('ipmi'),
  address: z.union([hostName, z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65_535).optional(),
  credentials: credentials.optional(),
});

export const bmcInput = z.discriminatedUnion('protocol', [redfish, ipmi]).meta({ id: 'Bmc' });
export type BmcInput = z.infer<typeof bmcInput>;

/** A merge patch of it: any part, checked as a whole after merging. */
export const bmcChange = z
  .strictObject({
    protocol: z.enum(['redfish', 'ipmi']).optional(),
    address: z.string().max(300).optional(),
    port: z.int().min(1).max(65_535).nullable().optional(),
    tls: tls.nullable().optional(),
    credentials: credentials.optional(),
  })
  .meta({ id: 'BmcChange' });

export const bmcView = z.object({
  protocol: z.string().meta({ examples: ['redfish', 'ipmi'] }),
  address: z.string(),
  port: z.int().optional(),
  tls: z.object({ mode: z.string(), ca: z.string().optional(), sha256: z.string().optional() }).optional(),
  hasCredentials: z.boolean(),
});

function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(text)) return false;
  return URL.canParse(text);
}
