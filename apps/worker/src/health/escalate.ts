// Where restarts are not the remedy: the one place that hands a server on to re-imaging, to a spare with a work order, or to a person.
import type { Decision } from '@rackwright/domain/health/decision.ts';
import type { ServerHealth } from '@rackwright/domain/health/view.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';

/** An operation that the health policy begins. */
export type ToBegin = {
  serverId: ServerId;
  event: 'remediate' | 'reimage';
  params: Record<string, unknown>;
  reason: string;
};

/**
 * What is begun in the policy's name for a decision to escalate (`rung` says what is wanted: reimage, replace, person); undefined:
 * nothing, an incident tells a person. What is begun must move the server out of the state it is in, and have a budget of its own:
 * it is asked again in every round until then.
 */
export type Escalate = (decision: Decision, server: ServerHealth) => ToBegin | undefined;

/** A policy never installs or replaces by itself: both cost what is on the root disk, and a person says when. */
export const askPerson: Escalate = () => undefined;
