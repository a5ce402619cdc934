// A server's parts, a swap of parts that somebody reviewed, and what a product is expected to be made of.
import { ASSUMED_DRAW } from '@rackwright/domain/power/draw.ts';
import { z } from 'zod';
import { agentInspection } from '../agent-contract.ts';
import { idOf, instant, label, macKey, name, openEnum, reason, stamps } from '../fields.ts';

const difference = z.object({ part: openEnum(['serial', 'disk', 'nic', 'memory', 'cpu']), what: z.string() });

export const hardware = z
  .object({
    kind: z.literal('hardware'),
    accepted: z.object({ inspection: agentInspection, acceptedAt: instant, operationId: idOf('operation') }).nullable(),
    lastSeen: z.object({ ticketId: idOf('ticket'), inspection: agentInspection, reportedAt: instant }).nullable(),
    differences: z.array(difference).meta({ description: 'Of what was seen last from what was accepted.' }),
    model: z
      .object({ id: idOf('hardware_model'), name: z.string(), differences: z.array(difference) })
      .nullable()
      .meta({ description: 'The model of its product, and how what was seen last differs from it.' }),
  })
  .meta({ id: 'Hardware' });

export const acceptHardware = z
  .strictObject({
    ticketId: idOf('ticket').meta({ description: 'Of `lastSeen`, as it was reviewed.' }),
    reason: reason.min(1),
    serial: label.optional().meta({ description: 'The serial it has now, when its board was swapped.' }),
    nics: z
      .record(macKey, macKey.nullable())
      .default({})
      .meta({ description: 'MAC on file → the one that replaces it, or null for a NIC that was taken out.' }),
    lostDisks: z.array(label).max(256).default([]).meta({ description: 'Disks that are gone without having been erased here.' }),
  })
  .meta({ id: 'AcceptHardware' });
export type AcceptHardwareBody = z.infer<typeof acceptHardware>;

const expected = {
  cpuSockets: z.int().min(1).max(64).nullable(),
  memoryBytes: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
  disks: z
    .array(z.strictObject({ count: z.int().min(1).max(256), sizeBytes: z.int().min(1).max(Number.MAX_SAFE_INTEGER) }))
    .max(16)
    .nullable()
    .meta({ description: 'All of its disks, by size; sizes within a twentieth are the same.' }),
  nics: z.int().min(0).max(256).nullable(),
  bmcFirmware: z
    .string()
    .min(1)
    .max(128)
    .nullable()
    .meta({ description: 'As the BMC tells it; schedules of firmware_drift compare with it.' }),
  biosVersion: z.string().min(1).max(128).nullable(),
};
const watts = z.int().min(1).max(100_000);
const load = z.union([
  z.strictObject({ watts }),
  z.strictObject({ amps: z.number().min(0.01).max(1_000), volts: z.int().min(24).max(1_000) }),
]);
const power = z
  .strictObject({
    steady: load,
    inrush: load.meta({ description: 'While it starts.' }),
    inrushSeconds: z.int().min(1).max(600).default(ASSUMED_DRAW.inrushSeconds),
  })
  .nullable()
  .meta({ description: 'What one draws, in watts or as its name plate says; null: assumed, see docs/power.md.' });
const product = z.string().min(1).max(128).meta({ description: 'As the firmware names it: `system.product` of the inspection.' });

export const newHardwareModel = z
  .strictObject({
    name,
    product,
    cpuSockets: expected.cpuSockets.default(null),
    memoryBytes: expected.memoryBytes.default(null),
    disks: expected.disks.default(null),
    nics: expected.nics.default(null),
    power: power.default(null),
    bmcFirmware: expected.bmcFirmware.default(null),
    biosVersion: expected.biosVersion.default(null),
  })
  .meta({ id: 'NewHardwareModel' });

export const hardwareModelChange = z
  .strictObject({
    name: name.optional(),
    product: product.optional(),
    cpuSockets: expected.cpuSockets.optional(),
    memoryBytes: expected.memoryBytes.optional(),
    disks: expected.disks.optional(),
    nics: expected.nics.optional(),
    power: power.optional(),
    bmcFirmware: expected.bmcFirmware.optional(),
    biosVersion: expected.biosVersion.optional(),
  })
  .meta({ id: 'HardwareModelChange' });

export const hardwareModel = z
  .object({
    kind: z.literal('hardware_model'),
    id: idOf('hardware_model'),
    name: z.string(),
    product: z.string(),
    cpuSockets: z.int().nullable(),
    memoryBytes: z.int().nullable(),
    disks: z.array(z.object({ count: z.int(), sizeBytes: z.int() })).nullable(),
    nics: z.int().nullable(),
    power,
    bmcFirmware: z.string().nullable(),
    biosVersion: z.string().nullable(),
    ...stamps,
  })
  .meta({ id: 'HardwareModel' });
export type HardwareModelView = z.infer<typeof hardwareModel>;
