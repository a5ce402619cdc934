// A rack: how high it is, and what all its servers hang on: power feeds and top-of-rack switches.
import { z } from 'zod';
import { atMost, idOf, name, stamps } from '../fields.ts';

const heightU = z.int().min(1).max(100);
const powerFeed = z.strictObject({ amps: z.int().min(1).max(1_000) });
const rackSwitch = z.strictObject({ managementAddress: z.union([z.ipv4(), z.ipv6()]).nullable().default(null) });
const few = atMost(16);

// Maps by name, because a merge patch (RFC 7396) can change one entry of a map but only the whole of a list.
const powerFeeds = z.record(name, powerFeed).refine(few, 'at most 16');
const topOfRackSwitches = z.record(name, rackSwitch).refine(few, 'at most 16');

export const rack = z
  .object({
    kind: z.literal('rack'),
    id: idOf('rack'),
    siteId: idOf('site'),
    name,
    heightU,
    powerFeeds: z.record(z.string(), z.object({ amps: z.int() })),
    topOfRackSwitches: z.record(z.string(), z.object({ managementAddress: z.string().nullable() })),
    ...stamps,
  })
  .meta({ id: 'Rack' });
export type RackView = z.infer<typeof rack>;

export const newRack = z
  .strictObject({
    siteId: idOf('site'),
    name,
    heightU: heightU.default(42),
    powerFeeds: powerFeeds.default({}),
    topOfRackSwitches: topOfRackSwitches.default({}),
  })
  .meta({ id: 'NewRack' });

export const rackChange = z
  .strictObject({
    name: name.optional(),
    heightU: heightU.optional(),
    powerFeeds: z.record(name, powerFeed.nullable()).refine(few, 'at most 16').optional(),
    topOfRackSwitches: z.record(name, rackSwitch.nullable()).refine(few, 'at most 16').optional(),
  })
  .meta({ id: 'RackChange' });
