// A rack: how high it is, and what all its servers hang on: power feeds and top-of-rack switches.
import { USUAL_POWER_ONS_AT_ONCE, USUAL_UTILISATION, USUAL_VOLTS } from '@rackwright/domain/power/circuits.ts';
import { z } from 'zod';
import { atMost, idOf, name, stamps } from '../fields.ts';

const heightU = z.int().min(1).max(100);
const percent = z.int().min(1).max(100);
const amps = z.int().min(1).max(1_000).meta({ description: 'Of its breaker.' });
const volts = z.int().min(24).max(1_000);
const maxUtilisation = percent.nullable().meta({ description: 'Percent of its amperes; null takes the rack’s.' });
const powerFeed = z.strictObject({
  amps,
  volts: volts.default(USUAL_VOLTS),
  maxUtilisation: maxUtilisation.default(null),
});
// Without defaults: a patch changes what it names.
const powerFeedChange = z.strictObject({
  amps: amps.optional(),
  volts: volts.optional(),
  maxUtilisation: maxUtilisation.optional(),
});
const power = {
  powerMaxUtilisation: percent.meta({ description: 'Percent of each feed’s amperes that may be used for long.' }),
  powerRedundancy: z.enum(['redundant', 'shared']).meta({
    description: 'redundant: each feed must carry everything when the others fail. shared: the servers are spread over them.',
  }),
  powerBudgetAmps: z
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .meta({ description: 'Of all feeds together, where a contract or the cooling ends sooner; null when only the feeds count.' }),
  powerOnsAtOnce: z
    .int()
    .min(1)
    .max(100)
    .nullable()
    .meta({
      description: `Servers that may start at the same time; null: as many as the feeds carry, ${USUAL_POWER_ONS_AT_ONCE} in a rack without feeds.`,
    }),
};
const rackSwitch = z.strictObject({ managementAddress: z.union([z.ipv4(), z.ipv6()]).nullable().default(null) });
const few = atMost(16);

// Maps by name, because a merge patch (RFC 7396) can change one entry of a map but only the whole of a list.
const powerFeeds = z.record(name, powerFeed).refine(few, 'at most 16');
const topOfRackSwitches = z.record(name, rackSwitch).refine(few, 'at most 16');
const port = z.string().min(1).max(128);
const unit = z.int().min(1).max(60);
const many = atMost(1_024);
const room = name.nullable().meta({ description: 'The room or hall it stands in.' });
const row = name.nullable().meta({ description: 'The row of racks it stands in.' });

export const rack = z
  .object({
    kind: z.literal('rack'),
    id: idOf('rack'),
    siteId: idOf('site'),
    name,
    heightU,
    room,
    row,
    powerFeeds: z.record(z.string(), z.object({ amps: z.int(), volts: z.int(), maxUtilisation: z.int().nullable() })),
    ...power,
    topOfRackSwitches: z.record(z.string(), z.object({ managementAddress: z.string().nullable() })),
    switchPorts: z.record(z.string(), z.int()).meta({
      description: 'Port of the top-of-rack switches, as LLDP names it → rack unit: proposes where a discovered server stands.',
    }),
    ...stamps,
  })
  .meta({ id: 'Rack' });
export type RackView = z.infer<typeof rack>;

export const newRack = z
  .strictObject({
    siteId: idOf('site'),
    name,
    heightU: heightU.default(42),
    room: room.default(null),
    row: row.default(null),
    powerFeeds: powerFeeds.default({}),
    powerMaxUtilisation: power.powerMaxUtilisation.default(USUAL_UTILISATION),
    powerRedundancy: power.powerRedundancy.default('redundant'),
    powerBudgetAmps: power.powerBudgetAmps.default(null),
    powerOnsAtOnce: power.powerOnsAtOnce.default(null),
    topOfRackSwitches: topOfRackSwitches.default({}),
    switchPorts: z.record(port, unit).refine(many, 'at most 1024').default({}),
  })
  .meta({ id: 'NewRack' });

export const rackChange = z
  .strictObject({
    name: name.optional(),
    heightU: heightU.optional(),
    room: room.optional(),
    row: row.optional(),
    switchPorts: z.record(port, unit.nullable()).refine(many, 'at most 1024').optional(),
    powerFeeds: z.record(name, powerFeedChange.nullable()).refine(few, 'at most 16').optional(),
    powerMaxUtilisation: power.powerMaxUtilisation.optional(),
    powerRedundancy: power.powerRedundancy.optional(),
    powerBudgetAmps: power.powerBudgetAmps.optional(),
    powerOnsAtOnce: power.powerOnsAtOnce.optional(),
    topOfRackSwitches: z.record(name, rackSwitch.nullable()).refine(few, 'at most 16').optional(),
  })
  .meta({ id: 'RackChange' });
