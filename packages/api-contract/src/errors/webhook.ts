// What webhooks refuse: targets that may not be reached, and more of something than is good.
import type { ErrorTable } from './entry.ts';

export const WEBHOOK_ERRORS = {
  webhook_target_refused: {
    status: 400,
    title: 'Nothing may be sent there',
    detail: 'The target {host} is refused: {why}.',
    toDo: 'Use an https URL without credentials in it; the operator can allow networks with RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE and plain HTTP with RACKWRIGHT_WEBHOOK_ALLOW_HTTP.',
    retryable: false,
  },
  webhook_disabled: {
    status: 409,
    title: 'The webhook is switched off',
    detail: 'Webhook {name} is switched off: {reason}.',
    toDo: 'Mend the receiver, then enable the webhook.',
    retryable: false,
  },
  too_many_webhooks: {
    status: 409,
    title: 'There are too many webhooks',
    detail: 'At most {most} webhooks are kept.',
    toDo: 'Delete webhooks that nobody needs; one receiver can pass events on to several.',
    retryable: false,
  },
  too_many_secrets: {
    status: 409,
    title: 'Too many secrets are still valid',
    detail: 'At most {most} secrets of a webhook sign at once.',
    toDo: 'Wait until an older one ends, or rotate with overlapSeconds 0, which ends them all.',
    retryable: false,
  },
  too_many_tests: {
    status: 429,
    title: 'Too many tests are waiting',
    detail: 'At most {most} test messages of a webhook wait at once.',
    toDo: 'Look at the deliveries, and come back when they are through.',
    retryable: true,
  },
} as const satisfies ErrorTable;
