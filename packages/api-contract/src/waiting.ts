// What an operation may wait for, in sentences: the code stands in `waitingFor` with the facts of this occurrence. An operation that
// waits after a fault carries the fault's own code (errors.ts).

export const WAITING_REASONS = {
  agent_report: 'The server boots the install agent, which has not reported yet.',
  agent_working: 'The install agent is at work on the server.',
  boot_services_behind: 'Not every boot service knows yet that this server is to boot the agent.',
  bulk_canary: 'The canary of a bulk operation runs; the others begin when it has succeeded.',
  bulk_cancelling: 'The bulk operation is cancelled; what had begun is ending.',
  bulk_last_items: 'Nothing is left to begin; the last operations are ending.',
  bulk_pause_between_waves: 'The pause between two waves is not over yet.',
  bulk_paused: 'Somebody paused the bulk operation.',
  bulk_stopped: 'Too much of the bulk operation failed: it stopped by itself.',
  bulk_wave: 'As many operations run as the limits allow.',
  bulk_worker: 'No worker has looked at the bulk operation yet.',
  bmc_slot: 'Other operations are talking to this BMC.',
  eviction_blocked: 'A pod may not be evicted; the facts name it and what holds it.',
  fence_unproven: 'The BMC does not prove that the machine is off; it must answer, or a named person must confirm it.',
  no_boot_service: 'No boot service is alive to answer the server.',
  node_not_seen: 'The installed system has not joined its cluster yet.',
  node_still_ready: 'Kubernetes has not noticed yet that the machine is down.',
  node_not_ready: 'The node has joined and is not Ready yet.',
  not_ready: 'Something that the step needs is not ready yet.',
  operator_answer: 'Pods stay on the node; a person is to answer force or keep.',
  pods_leaving: 'Pods are leaving the node, or may not leave it yet.',
  power_budget: 'Powering on now would draw more than a feed, the rack or its waves allow; the facts name it, in amperes.',
  power_still_on: 'The BMC does not report the server off yet.',
  schedule_items: 'Operations that the run began are under way, or something of it is tried again in a while.',
  second_sighting_due: 'The server was seen off once; it must be seen off again before that counts.',
  serving_certificate_refused: 'The node asks for a certificate that does not match the inventory.',
  undo_retry: 'A step could not be undone yet and is tried again.',
} as const;
export type WaitingReason = keyof typeof WAITING_REASONS;
