// What the install agent sends (docs/agent-protocol.md), bounded, as the domain's types. It comes from a machine we do not trust yet.
import type { ErasureEvidence } from '@rackwright/domain/erasure.ts';
import type { BurnInTest } from '@rackwright/domain/work-orders/burn-in.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { z } from 'zod';

/** Largest body of an agent's request, in bytes: a server with 256 disks fits several times. */
export const AGENT_BODY_LIMIT = 256 * 1024;

// Agents may be newer than we are: fields that we do not know are dropped, not refused.
const word = (max = 128) => z.string().trim().max(max);
const count = (max: number) => z.int().min(0).max(max);
const bytes = count(Number.MAX_SAFE_INTEGER);
/** Lower case with colons, as everywhere inside; InfiniBand's 20 bytes pass too. */
const mac = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5,19}$/, 'six bytes in hexadecimal, with colons');
const instant = z.iso.datetime({ offset: true }).max(40);

const disk = z.object({
  name: word(64),
  serial: word(),
  wwn: word(),
  model: word(),
  sizeBytes: bytes,
  rotational: z.boolean(),
  kind: z.enum(['nvme', 'ssd', 'hdd', 'virtual']),
});

const nic = z.object({
  name: word(64),
  mac,
  speedMbps: count(10_000_000),
  linkUp: z.boolean(),
  driver: word(64),
  lldp: z.object({ chassisId: word(), portId: word(), systemName: word(256) }).optional(),
});

export const agentInspection = z.object({
  agentVersion: word(32),
  firmwareMode: z.enum(['uefi', 'bios']),
  system: z.object({
    manufacturer: word(),
    product: word(),
    serial: word(),
    uuid: word(64),
    assetTag: word(),
    biosVersion: word(),
  }),
  cpu: z.object({
    model: word(),
    sockets: count(64),
    cores: count(16_384),
    threads: count(65_536),
    architecture: word(32),
  }),
  memoryBytes: bytes,
  memoryModules: z.array(z.object({ slot: word(64), sizeBytes: bytes, serial: word(), manufacturer: word() })).max(512),
  disks: z.array(disk).max(256),
  nics: z.array(nic).max(256),
}) satisfies z.ZodType<Inspection>;

export const agentProgress = z.object({ percent: z.number().min(0).max(100), message: word(200) });
export type AgentProgress = z.infer<typeof agentProgress>;

export const agentErasure = z.object({
  serial: word(),
  method: z.enum(['ata_secure_erase', 'nvme_sanitize', 'nvme_format', 'blkdiscard_zero', 'overwrite_zero']),
  sizeBytes: bytes,
  readBack: z.enum(['zero', 'random', 'not_zero', 'unreadable']),
  checkedBytes: bytes,
  startedAt: instant,
  finishedAt: instant,
}) satisfies z.ZodType<ErasureEvidence>;

export const agentBurnInTest = z.object({
  test: z.enum(['cpu', 'memory', 'disk']),
  subject: word(),
  passed: z.boolean(),
  seconds: count(1_000_000),
  detail: word(300),
}) satisfies z.ZodType<BurnInTest>;

export const agentResult = z.object({
  outcome: z.enum(['done', 'refused', 'failed']),
  /** Of the error catalogue; empty when done. */
  code: z.string().regex(/^[a-z0-9_]{0,64}$/, 'lower case, digits and underscores'),
  detail: word(1_000),
  /** `disks` after erase_disks, `tests` after burn_in; nothing else is kept. */
  evidence: z
    .object({ disks: z.array(agentErasure).max(256).optional(), tests: z.array(agentBurnInTest).max(300).optional() })
    .default({}),
});
export type AgentResult = z.infer<typeof agentResult>;
