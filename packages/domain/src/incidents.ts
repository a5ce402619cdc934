// Incidents: what a person should look at, opened once and closed once; while one is open nothing opens it a second time.
import type { Facts } from './errors.ts';

type IncidentKindEntry = { severity: IncidentSeverity; title: string; toDo: string };
export type IncidentSeverity = 'warning' | 'critical';

/** One row per kind; whoever opens a new kind of incident adds it here. */
export const INCIDENT_KINDS = {
  domain_incident: {
    severity: 'critical',
    title: 'Many servers behind one thing failed together',
    toDo: 'Look at the rack, power feed or switch that is named; nothing behind it is restarted while this is open.',
  },
  view_doubtful: {
    severity: 'critical',
    title: 'Our own view of the servers is doubtful',
    toDo: 'Mend what we cannot reach (API server, BMC network); until then nothing is restarted on its word.',
  },
  remediation_storm: {
    severity: 'critical',
    title: 'Too many servers of one kind are unhealthy',
    toDo: 'Find what they have in common; nothing new is restarted until enough are healthy again and the pause is over.',
  },
  needs_person: {
    severity: 'critical',
    title: 'A server needs a person',
    toDo: 'Restarting does not mend it: the facts say what was begun, and how to re-image it on the same machine or replace it.',
  },
  hardware_failed: {
    severity: 'critical',
    title: 'A part of a server has failed for good',
    toDo: 'Replace the part that the facts name; they say which work order and replacement were begun, or how to begin one.',
  },
  undo_gave_up: {
    severity: 'critical',
    title: 'What a failed operation did could not be undone',
    toDo: 'See whether the server is powered on and switch it off; begin an operation on it again when its BMC answers.',
  },
  repair_loop: {
    severity: 'warning',
    title: 'A repair did not hold again and again',
    toDo: 'Look at what failed each time: another part than the one that is replaced may be broken. Or send the machine back.',
  },
  node_without_server: {
    severity: 'critical',
    title: 'A Node exists that no server of ours is',
    toDo: 'Find the machine behind it: one we released must not come back by itself.',
  },
  node_of_released_server: {
    severity: 'critical',
    title: 'A server that is not handed out runs as a Node',
    toDo: 'Take the machine off the network or onboard it anew; delete its Node once it is off.',
  },
  node_deleted_by_hand: {
    severity: 'warning',
    title: 'The Node of a server in service was deleted by hand',
    toDo: 'Release the server, or restart its kubelet so that it registers again; Rackwright releases nothing because of this.',
  },
  bmc_password_in_doubt: {
    severity: 'critical',
    title: 'A BMC refuses its old and its new password',
    toDo: 'Find out the password at the machine or reset the BMC, then set bmc.credentials of the server.',
  },
} as const satisfies Record<string, IncidentKindEntry>;

export type IncidentKind = keyof typeof INCIDENT_KINDS;

export const INCIDENT_SCOPES = ['site', 'rack', 'feed', 'switch', 'server', 'cluster'] as const;
/** What it is about. A feed or switch belongs to its rack: its id is `<rack id>/<name>`. */
export type IncidentScope = { kind: (typeof INCIDENT_SCOPES)[number]; id: string; name: string };

export type NewIncident = {
  kind: IncidentKind;
  /** Names the occurrence; while an incident with this key is open, opening it again only renews its facts. */
  key: string;
  /** That of the kind unless told. */
  severity?: IncidentSeverity | undefined;
  scope: IncidentScope;
  /** For people: counts, names, what was seen. Small and without secrets. */
  facts: Facts;
};

/** The usual key: one open incident of a kind per thing. */
export function incidentKey(kind: IncidentKind, scope: Pick<IncidentScope, 'kind' | 'id'>): string {
  return `${kind} ${scope.kind} ${scope.id}`;
}
