// The incident that stands for a server which is handed to somebody else.
import { incidentKey, type NewIncident } from '../incidents.ts';
import type { Decision } from './decision.ts';
import type { ServerHealth } from './view.ts';

export function escalationIncident({ id, name }: Pick<ServerHealth, 'id' | 'name'>, decision: Decision): NewIncident {
  const { because, rung, facts } = decision;
  const scope = { kind: 'server', id, name } as const;
  const kind = because === 'part_failed' ? 'hardware_failed' : 'needs_person';
  return { kind, key: incidentKey(kind, scope), scope, facts: { because, wanted: rung, ...facts } };
}
