// Which incidents of the health controller are to be open now: one per trouble, not one per server.
import { type IncidentKind, incidentKey, type IncidentScope, type NewIncident } from '../incidents.ts';
import type { Decision, Guards } from './decision.ts';
import { escalationIncident } from './escalation-incident.ts';
import type { HealthView } from './view.ts';

/** Only the controller opens and closes these. */
export const HEALTH_INCIDENT_KINDS = [
  'domain_incident',
  'view_doubtful',
  'remediation_storm',
  'needs_person',
  'hardware_failed',
] as const satisfies IncidentKind[];

export function healthIncidents(view: HealthView, guards: Guards, decisions: readonly Decision[]): NewIncident[] {
  return [
    ...domainIncidents(view, guards),
    ...clusterIncidents(view, guards),
    ...bmcNetwork(guards),
    ...escalations(view, decisions),
  ];
}

function domainIncidents({ servers }: HealthView, { domains }: Guards): NewIncident[] {
  return domains.map(({ scope, servers: behindIt, behind, lastHeldAt }) => {
    const one = servers.find(({ id }) => behindIt.has(id));
    const facts = {
      unhealthy: behindIt.size,
      behind,
      switches: one?.switches.join(', ') ?? '',
      feeds: one?.feeds.join(', ') ?? '',
      lastHeldAt: new Date(lastHeldAt).toISOString(),
    };
    return incident('domain_incident', scope, facts);
  });
}

function clusterIncidents({ now, policy }: HealthView, { clusters }: Guards): NewIncident[] {
  return [...clusters.values()].flatMap(({ id, name, doubt, storm }) => {
    const scope = { kind: 'cluster', id, name } as const;
    // A short silence is a restart of the API server, and no news for people.
    const longDoubt = doubt !== undefined && now - doubt.since >= policy.settleSeconds * 1_000;
    return [
      ...(longDoubt ? [incident('view_doubtful', scope, { because: doubt.because, ...doubt.facts })] : []),
      ...(storm?.told
        ? [incident('remediation_storm', scope, { ...storm.facts, lastHeldAt: new Date(storm.lastHeldAt).toISOString() })]
        : []),
    ];
  });
}

/** Nobody knows which network it is: it is about all of us. */
function bmcNetwork({ bmcNetworkSilent }: Guards): NewIncident[] {
  const scope = { kind: 'site', id: 'bmc_network', name: 'the network of the BMCs' } as const;
  return bmcNetworkSilent ? [incident('view_doubtful', scope, { because: 'bmc_network_silent' })] : [];
}

function escalations({ servers }: HealthView, decisions: readonly Decision[]): NewIncident[] {
  const named = new Map(servers.map((server) => [server.id, server]));
  return decisions.flatMap((decision) => {
    const server = named.get(decision.serverId);
    // Who compares Nodes with servers tells of a Node that is gone, and knows more about it.
    const told = decision.because === 'node_gone';
    return decision.do === 'escalate' && server && !told ? [escalationIncident(server, decision)] : [];
  });
}

function incident(kind: IncidentKind, scope: IncidentScope, facts: NewIncident['facts']): NewIncident {
  return { kind, key: incidentKey(kind, scope), scope, facts };
}
