// An enclosure: a chassis that fills units of a rack and has slots for blades.
import { z } from 'zod';
import { idOf, label, name, stamps } from '../fields.ts';
import { height, position } from './rack-units.ts';

const shape = {
  rackId: idOf('rack'),
  serial: label.nullable(),
  model: label.nullable(),
  uPosition: position.meta({ description: 'Lowest rack unit it fills, from 1, in steps of 0.5.' }),
  uHeight: height,
  face: z.enum(['front', 'rear']),
  slots: z.int().min(1).max(128).meta({ description: 'How many blades it holds; slots count from 1.' }),
};

export const enclosure = z
  .object({
    kind: z.literal('enclosure'),
    id: idOf('enclosure'),
    siteId: idOf('site'),
    rackId: shape.rackId,
    rackName: z.string(),
    name: z.string(),
    serial: z.string().nullable(),
    model: z.string().nullable(),
    uPosition: z.number(),
    uHeight: z.number(),
    face: z.string(),
    slots: z.int(),
    blades: z.array(z.object({ slot: z.int(), serverId: idOf('server'), name: z.string() })),
    ...stamps,
  })
  .meta({ id: 'Enclosure' });
export type EnclosureView = z.infer<typeof enclosure>;

export const newEnclosure = z
  .strictObject({
    rackId: shape.rackId,
    name,
    serial: shape.serial.default(null),
    model: shape.model.default(null),
    uPosition: shape.uPosition,
    uHeight: shape.uHeight.default(1),
    face: shape.face.default('front'),
    slots: shape.slots,
  })
  .meta({ id: 'NewEnclosure' });

/** Its blades go where it goes; to another rack of the same site. */
export const enclosureChange = z
  .strictObject({
    rackId: shape.rackId.optional(),
    name: name.optional(),
    serial: shape.serial.optional(),
    model: shape.model.optional(),
    uPosition: shape.uPosition.optional(),
    uHeight: shape.uHeight.optional(),
    face: shape.face.optional(),
    slots: shape.slots.optional(),
  })
  .meta({ id: 'EnclosureChange' });
