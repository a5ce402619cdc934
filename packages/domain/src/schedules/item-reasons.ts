// Why a run picked a server or cluster, and why it left one alone, in sentences: the code stands with the item and its facts.

export const ITEM_REASONS = {
  meant: 'It is what the task is for.',
  state_not_meant: 'The task does nothing with servers in this state.',
  no_bmc: 'No BMC is on file.',
  no_bmc_credentials: 'No credentials for its BMC are on file.',
  operation_running: 'An operation is running on it.',
  over_the_limit: 'The run has taken as many as it may.',
  too_recent: 'The last time is not long enough ago.',
  not_yet: 'Its date has not come.',
  nothing_expected: 'Its hardware model is not on file, or expects no versions.',
  no_certificate: 'No certificate that ends is on file.',
  password_in_doubt: 'Its BMC refused the old and the new password; a person must set the right one.',
  blackout_began: 'A blackout window began before its turn.',
  run_out_of_time: 'The run reached its limit before its turn.',
} as const;
export type ItemReason = keyof typeof ITEM_REASONS;
