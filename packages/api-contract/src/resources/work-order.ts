// A work order: what a technician is to do to which machine, how far it is, and whether hands may go in now.
import { PART_KINDS } from '@rackwright/domain/hardware/judge-repair.ts';
import { BURN_INS } from '@rackwright/domain/work-orders/burn-in.ts';
import { WORK_ORDER_OUTCOMES, WORK_ORDER_STATES } from '@rackwright/domain/work-orders/table.ts';
import { z } from 'zod';
import { idOf, instant, label, openEnum, reason, stamps } from '../fields.ts';
import { drainPolicy, facts } from './operation.ts';

const words = (max: number) => z.string().trim().min(1).max(max);
const person = words(128).meta({ description: 'The technician who does it; where only the assignee may, their name.' });
const burnIn = z
  .enum(BURN_INS)
  .meta({ description: 'How hard its parts are worked afterwards: not at all, minutes, or hours. Disks are read only.' });

export const newWorkOrder = z
  .strictObject({
    serverId: idOf('server'),
    cause: words(200).meta({
      description: 'One line. While an order of this server with the same cause is not over, that one is answered.',
    }),
    part: z
      .strictObject({ kind: z.enum(PART_KINDS), slot: label.nullable().default(null), oldSerial: label.nullable().default(null) })
      .default({ kind: 'other', slot: null, oldSerial: null }),
    assignee: words(128).nullable().default(null),
    notes: z.string().max(4_000).default(''),
    burnIn: burnIn.default('short'),
  })
  .meta({ id: 'NewWorkOrder' });

export const assignWorkOrder = z.strictObject({ assignee: words(128) }).meta({ id: 'AssignWorkOrder' });
export const arriveAtWorkOrder = z.strictObject({ person }).meta({ id: 'ArriveAtWorkOrder' });
export const verifyWorkOrder = z
  .strictObject({
    person,
    // Labels of some vendors hold passwords beside the serial: what is longer than a serial is not taken, and what is on no label of ours not kept.
    scan: words(40).meta({ description: 'Serial or asset tag, as scanned from the machine.' }),
  })
  .meta({ id: 'VerifyWorkOrder' });
export const drainWorkOrder = z
  .strictObject({
    person,
    drain: drainPolicy.optional(),
    keepNode: z
      .boolean()
      .default(true)
      .meta({ description: 'false: its Node is deleted; then the server cannot go back into service by itself.' }),
  })
  .meta({ id: 'DrainWorkOrder' });
export const confirmWorkOrderOff = z
  .strictObject({ person, evidence: words(1_000).meta({ examples: ['both power cords pulled'] }) })
  .meta({ id: 'ConfirmWorkOrderOff' });
export const startWorkOrder = z.strictObject({ person }).meta({ id: 'StartWorkOrder' });
export const finishWorkOrder = z
  .strictObject({
    person,
    newPartSerials: z.array(label).max(64).default([]).meta({ description: 'Of the parts that are in it now.' }),
    notes: z.string().max(4_000).optional(),
    burnIn: burnIn.optional(),
  })
  .meta({ id: 'FinishWorkOrder' });
export const blockWorkOrder = z.strictObject({ person: person.optional(), reason: reason.min(1) }).meta({ id: 'BlockWorkOrder' });
export const cancelWorkOrder = z.strictObject({ reason: reason.min(1) }).meta({ id: 'CancelWorkOrder' });
export const closeWorkOrder = z
  .strictObject({ outcome: z.enum(WORK_ORDER_OUTCOMES), reason: reason.default('') })
  .meta({ id: 'CloseWorkOrder' });

export const workOrderFilter = {
  serverId: idOf('server').optional(),
  state: z.enum(Object.keys(WORK_ORDER_STATES) as [keyof typeof WORK_ORDER_STATES]).optional(),
  assignee: z.string().min(1).max(128).optional(),
  open: z.enum(['true', 'false']).optional().meta({ description: 'true: those that are not over.' }),
};

const place = z.object({
  id: idOf('server'),
  name: z.string(),
  serial: z.string().nullable(),
  assetTag: z.string().nullable(),
  state: z.string(),
  siteId: idOf('site'),
  siteName: z.string(),
  rackId: idOf('rack').nullable(),
  rackName: z.string().nullable(),
  uPosition: z.number().nullable(),
  uHeight: z.number(),
  face: z.string(),
  enclosureName: z.string().nullable(),
  slot: z.int().nullable(),
});
const power = z
  .object({
    power: openEnum(['on', 'off', 'powering_on', 'powering_off', 'unknown']).nullable(),
    silentBecause: z.string().nullable().meta({ description: 'Why the BMC said nothing; one of docs/errors.md.' }),
    at: instant,
  })
  .nullable()
  .meta({ description: 'What the BMC said last, every few seconds while somebody is at the machine.' });

export const workOrder = z
  .object({
    kind: z.literal('work_order'),
    id: idOf('work_order'),
    cause: z.string(),
    state: openEnum(Object.keys(WORK_ORDER_STATES)),
    server: place,
    part: z.object({
      kind: openEnum(PART_KINDS),
      slot: z.string().nullable(),
      oldSerial: z.string().nullable(),
      newSerials: z.array(z.string()),
    }),
    assignee: z.string().nullable(),
    notes: z.string(),
    reason: z.string().nullable().meta({ description: 'Why it is blocked, or was cancelled or closed.' }),
    problem: z
      .object({
        code: z.string(),
        title: z.string(),
        detail: z.string(),
        whatToDo: z.string(),
        params: facts,
        operationId: idOf('operation'),
        at: instant,
      })
      .nullable()
      .meta({ description: 'How the last operation for it failed.' }),
    outcome: openEnum(WORK_ORDER_OUTCOMES).nullable(),
    attempts: z.int().meta({ description: 'How often a repair did not hold.' }),
    burnIn: openEnum(BURN_INS),
    operationId: idOf('operation').nullable().meta({ description: 'The last one that was begun for it.' }),
    validation: z
      .object({
        tests: z.array(
          z.object({ test: z.string(), subject: z.string(), passed: z.boolean(), seconds: z.number(), detail: z.string() }),
        ),
      })
      .nullable(),
    power,
    powerWord: z
      .object({ person: z.string(), evidence: z.string(), at: instant })
      .nullable()
      .meta({ description: 'A named person’s word that it has no power; counts while the BMC says nothing.' }),
    led: z.object({ wanted: z.boolean(), lit: z.boolean().nullable() }),
    safeToPull: z
      .object({
        safe: z.boolean(),
        because: openEnum([
          'bmc_reports_off',
          'confirmed_by_person',
          'not_isolated',
          'power_on',
          'power_not_seen',
          'power_seen_too_long_ago',
        ]),
      })
      .meta({ description: 'As of this answer: never shown from a cache.' }),
    allowedActions: z.array(z.object({ action: z.string(), by: openEnum(['operator', 'assignee']) })),
    openedBy: z.object({ principal: z.string() }),
    closedAt: instant.nullable(),
    ...stamps,
  })
  .meta({ id: 'WorkOrder' });
export type WorkOrderView = z.infer<typeof workOrder>;
