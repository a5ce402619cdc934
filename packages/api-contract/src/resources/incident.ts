// An incident: what a person should look at, what it is about, and what to do.
import { INCIDENT_KINDS, INCIDENT_SCOPES } from '@rackwright/domain/incidents.ts';
import { z } from 'zod';
import { idOf, instant, openEnum } from '../fields.ts';
import { facts } from './operation.ts';

export const incident = z
  .object({
    kind: z.literal('incident'),
    id: idOf('incident'),
    type: openEnum(Object.keys(INCIDENT_KINDS)),
    title: z.string(),
    whatToDo: z.string(),
    severity: openEnum(['warning', 'critical']),
    scope: z.object({
      kind: openEnum(INCIDENT_SCOPES),
      id: z.string().meta({ description: 'Of a feed or switch: `<rack id>/<name>`.' }),
      name: z.string(),
    }),
    facts,
    openedAt: instant,
    acknowledged: z.object({ at: instant, by: z.string(), note: z.string() }).nullable(),
    closed: z.object({ at: instant, because: z.string() }).nullable(),
  })
  .meta({ id: 'Incident' });
export type IncidentView = z.infer<typeof incident>;

export const incidentFilter = {
  state: z.enum(['open', 'closed', 'any']).default('open'),
  type: z.string().max(64).optional(),
  scopeId: z.string().max(160).optional().meta({ description: 'Of the server, rack, cluster … that it is about.' }),
};

export const acknowledgeIncident = z
  .strictObject({ note: z.string().max(1_000).default('') })
  .meta({ id: 'AcknowledgeIncident' });
