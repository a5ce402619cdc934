// Why something is done with a server, or not: each reason in a sentence, with what changes it. docs/health.md is written from this table.

type ReasonRow = { says: string; unblockedBy: string };

export const HEALTH_REASONS = {
  // Something is done.
  signal_stands: { says: 'The signal stood long enough and every budget allows it.', unblockedBy: 'nothing: it is being done' },
  bmc_not_asked: {
    says: 'Before anything is begun its BMC is asked whether it is there.',
    unblockedBy: 'the answer of the BMC, within a minute',
  },
  // Nothing is done, for now.
  already_remediating: { says: 'It is being remediated.', unblockedBy: 'the end of the running operation' },
  operation_in_progress: { says: 'Another operation holds the server.', unblockedBy: 'the end of the running operation' },
  only_observed: { says: 'Its signals are of a kind that a restart does not mend.', unblockedBy: 'whoever runs the workload' },
  remediation_paused: {
    says: 'Remediation is paused.',
    unblockedBy: 'somebody who sets paused to false (PATCH /v1/health-policy)',
  },
  settling: { says: 'The signal has not stood long enough.', unblockedBy: 'time, or the server recovering by itself' },
  api_server_silent: {
    says: 'The API server of its cluster does not answer: what we know is old.',
    unblockedBy: 'the API server answering again',
  },
  vantages_disagree: {
    says: 'One of our workers sees the API server of its cluster and another does not: our view is doubtful.',
    unblockedBy: 'every worker seeing it again, or the blind worker being stopped',
  },
  bmc_network_silent: {
    says: 'Many BMCs do not answer: that is the network of the BMCs, not the servers.',
    unblockedBy: 'the BMCs answering again',
  },
  domain_incident: {
    says: 'Many servers behind the same rack, feed or switch failed together.',
    unblockedBy: 'mending what they share; the incident closes by itself',
  },
  remediation_storm: {
    says: 'Too many servers of its cluster are unhealthy.',
    unblockedBy: 'enough of them being healthy again, and a pause after that',
  },
  control_plane_busy: {
    says: 'Another control plane of its cluster is unhealthy or being remediated: one at a time.',
    unblockedBy: 'the other one being well again',
  },
  cluster_budget_full: { says: 'Enough servers of its cluster are in remediation.', unblockedBy: 'one of them being done' },
  rack_budget_full: { says: 'Enough servers of its rack are in remediation.', unblockedBy: 'one of them being done' },
  feed_budget_full: { says: 'Enough servers on its power feed are in remediation.', unblockedBy: 'one of them being done' },
  switch_budget_full: { says: 'Enough servers behind its switch are in remediation.', unblockedBy: 'one of them being done' },
  // It goes to somebody else.
  part_failed: { says: 'A part has failed for good: restarting cannot mend it.', unblockedBy: 'the part being replaced' },
  too_hot: { says: 'It is too hot.', unblockedBy: 'cooling; then recover it, or let the finding be cleared' },
  bmc_says_critical: {
    says: 'Its BMC counts it as critical, and no entry of its log says why.',
    unblockedBy: 'the BMC counting it as better again',
  },
  software_damaged: { says: 'What is installed is damaged: restarting finds it as it was.', unblockedBy: 'installing it again' },
  node_gone: {
    says: 'Its Node object is gone; nothing is released because of that.',
    unblockedBy: 'a restart of its kubelet, or releasing the server',
  },
  server_budget_spent: { says: 'It was power-cycled as often as one day allows.', unblockedBy: 'time, or installing it again' },
  bmc_missing: { says: 'It has no BMC on file: nobody can power-cycle it.', unblockedBy: 'a BMC and its credentials on file' },
  bmc_silent: {
    says: 'Its BMC does not answer: it cannot be fenced.',
    unblockedBy: 'the BMC answering, or somebody who remediates it and confirms the power-off',
  },
  remediation_gave_up: {
    says: 'The ladder was climbed as far as restarts go.',
    unblockedBy: 'installing it again, or recovering it by hand when it is well',
  },
  installation_failed: {
    says: 'Its installation ended without a Ready node.',
    unblockedBy: 'provisioning it again, or releasing it',
  },
  reimage_did_not_hold: {
    says: 'It was re-imaged within a day and is unwell again: that is not what is installed.',
    unblockedBy: 'a spare in its place, and a look at its hardware',
  },
  being_replaced: { says: 'A spare is taking its place.', unblockedBy: 'the end of the replacement' },
  // Why something of the upper rungs waits.
  escalation_asks: {
    says: 'The policy leaves this to a person.',
    unblockedBy: 'somebody who does it (how: sayYes), or sets it to automatic (PATCH /v1/health-policy, escalation)',
  },
  cluster_day_spent: {
    says: 'The policy began as many of these in its cluster as one day allows.',
    unblockedBy: 'time, a higher budget, or somebody who does it',
  },
  no_spare: {
    says: 'No available server of its site can stand in for it.',
    unblockedBy: 'a fitting server becoming available: the facts say why each one was passed over',
  },
  serves_again: {
    says: 'Nothing tells any more that it does not serve.',
    unblockedBy: 'somebody who recovers it, or who does it all the same',
  },
  remedy_refused: { says: 'It could not be begun as the server stands.', unblockedBy: 'what the facts name' },
} as const satisfies Record<string, ReasonRow>;

export type HealthReason = keyof typeof HEALTH_REASONS;
