// A server: which machine it is, where it stands, how it is reached, and what may be done with it now.
import { HEALTH_REASONS } from '@rackwright/domain/health/reasons.ts';
import { RETIREMENTS } from '@rackwright/domain/retirement.ts';
import { STATES } from '@rackwright/domain/server-lifecycle/table.ts';
import { z } from 'zod';
import { position, height } from './rack-units.ts';
import { atMost, idOf, instant, label, labels, macKey, name, openEnum, stamps } from '../fields.ts';
import { bmcChange, bmcInput, bmcView } from './bmc.ts';

const nic = z.strictObject({ name: z.string().max(32).default(''), boot: z.boolean().default(false) });
const nicChange = z.strictObject({ name: z.string().max(32).optional(), boot: z.boolean().optional() });
const nics = z.record(macKey, nic).refine(atMost(64), 'at most 64');
const shape = {
  assetTag: label.nullable(),
  serial: label.nullable(),
  rackId: idOf('rack').nullable(),
  uPosition: position.nullable().meta({
    description: 'Lowest rack unit it fills, from 1, in steps of 0.5; null beside the units (0U) and in an enclosure.',
  }),
  uHeight: height,
  enclosureId: idOf('enclosure').nullable().meta({ description: 'Of a blade; its rack is the enclosure’s.' }),
  slot: z.int().min(1).max(128).nullable(),
  face: z.enum(['front', 'rear']),
  firmwareMode: z.enum(['uefi', 'bios']),
  networkId: idOf('network').nullable(),
  address: z.ipv4().nullable().meta({ description: 'Reserved for it on its provisioning network; the host keeps it.' }),
};

export const newServer = z
  .strictObject({
    name,
    siteId: idOf('site'),
    assetTag: shape.assetTag.default(null),
    serial: label,
    rackId: shape.rackId.default(null),
    uPosition: shape.uPosition.default(null),
    uHeight: shape.uHeight.default(1),
    face: shape.face.default('front'),
    enclosureId: shape.enclosureId.default(null),
    slot: shape.slot.default(null),
    firmwareMode: shape.firmwareMode.default('uefi'),
    nics: nics.default({}),
    networkId: shape.networkId.default(null),
    address: shape.address.default(null),
    bmc: bmcInput.nullable().default(null),
    labels: labels.refine(atMost(64), 'at most 64').default({}),
  })
  .meta({ id: 'NewServer' });
export type NewServerBody = z.infer<typeof newServer>;

export const serverChange = z
  .strictObject({
    name: name.optional(),
    assetTag: shape.assetTag.optional(),
    serial: label.optional(),
    rackId: shape.rackId.optional(),
    uPosition: shape.uPosition.optional(),
    uHeight: shape.uHeight.optional(),
    face: shape.face.optional(),
    enclosureId: shape.enclosureId.optional(),
    slot: shape.slot.optional(),
    firmwareMode: shape.firmwareMode.optional(),
    nics: z.record(macKey, nicChange.nullable()).refine(atMost(64), 'at most 64').optional(),
    networkId: shape.networkId.optional(),
    address: shape.address.optional(),
    bmc: bmcChange.nullable().optional(),
    labels: z.record(z.string().max(128), z.string().max(63).nullable()).refine(atMost(64), 'at most 64').optional(),
  })
  .meta({ id: 'ServerChange' });
export type ServerChangeBody = z.infer<typeof serverChange>;

export const CATEGORIES = ['progress', 'good', 'attention', 'bad', 'leaving', 'unknown'] as const;

const blocked = z.object({ code: z.string(), ref: z.string().optional() });
const hardwareSummary = z.object({
  manufacturer: z.string(),
  product: z.string(),
  cpuModel: z.string(),
  cores: z.int(),
  memoryBytes: z.int(),
  disks: z.int(),
  diskBytes: z.int(),
  nics: z.int(),
});

export const server = z
  .object({
    kind: z.literal('server'),
    id: idOf('server'),
    name: z.string(),
    assetTag: z.string().nullable(),
    serial: z.string().nullable(),
    state: openEnum(Object.keys(STATES)),
    stateCategory: z.enum(CATEGORIES).meta({ description: 'A closed set, so that a client can colour states it does not know.' }),
    stateSince: instant,
    siteId: idOf('site'),
    siteName: z.string(),
    rackId: shape.rackId,
    rackName: z.string().nullable(),
    powerFeeds: z.array(z.string()),
    uPosition: z.number().nullable(),
    uHeight: z.number(),
    face: z.string(),
    enclosureId: shape.enclosureId,
    enclosureName: z.string().nullable(),
    slot: z.int().nullable(),
    firmwareMode: z.string(),
    nics: z.record(z.string(), z.object({ name: z.string(), boot: z.boolean() })),
    networkId: shape.networkId,
    address: z.string().nullable(),
    bmc: bmcView.nullable(),
    labels: z.record(z.string(), z.string()),
    hardware: hardwareSummary.nullable().meta({ description: 'Of the accepted inspection; all of it at …/hardware.' }),
    assignment: z
      .object({
        clusterId: idOf('cluster').nullable(),
        nodeName: z.string(),
        imageDigest: z.string(),
        rootDiskSerial: z.string(),
        nodeLabels: z.record(z.string(), z.string()).optional().meta({ description: 'Asked for beside ours.' }),
        nodeUid: z.string().nullable(),
      })
      .nullable(),
    conditions: z.array(
      z.object({
        type: openEnum(['InventoryMatches', 'Healthy']),
        status: z.enum(['true', 'false', 'unknown']),
        reason: openEnum(['as_expected', 'differs_from_model', 'no_model', 'no_signals', ...Object.keys(HEALTH_REASONS)]),
        message: z.string(),
      }),
    ),
    currentOperationId: idOf('operation').nullable(),
    retiredAs: openEnum(RETIREMENTS).nullable().meta({ description: 'Where the machine went; null until it is retired.' }),
    allowedOperations: z.array(z.object({ type: z.string(), blockedBy: z.array(blocked) })),
    ...stamps,
  })
  .meta({ id: 'Server' });
export type ServerView = z.infer<typeof server>;
