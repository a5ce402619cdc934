// A site: one building with its own networks; names of racks and networks are unique within it.
import { z } from 'zod';
import { idOf, name, stamps } from '../fields.ts';

export const site = z.object({ kind: z.literal('site'), id: idOf('site'), name, ...stamps }).meta({ id: 'Site' });
export type SiteView = z.infer<typeof site>;

export const newSite = z.strictObject({ name }).meta({ id: 'NewSite' });
export const siteChange = z.strictObject({ name: name.optional() }).meta({ id: 'SiteChange' });
