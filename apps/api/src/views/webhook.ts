// A webhook and its deliveries as the API shows them: never a secret.
import { sayCursor } from '@rackwright/api-contract/resources/event.ts';
import type { DeliveryView, WebhookView } from '@rackwright/api-contract/resources/webhook.ts';
import type { DeliveryRecord, WebhookRecord } from '../webhook-needs.ts';

export function viewWebhook(record: WebhookRecord): WebhookView {
  const { disabledReason, disabledAt, cursor, pending, failingSince, consecutiveFailures, lastTakenAt, lastError, ...rest } =
    record;
  return {
    kind: 'webhook',
    ...rest,
    disabled: disabledReason === null || disabledAt === null ? null : { reason: disabledReason, at: disabledAt },
    delivery: { cursor: sayCursor(cursor), pending, failingSince, consecutiveFailures, lastTakenAt, lastError },
  };
}

export const viewDelivery = <D extends DeliveryRecord>(record: D): DeliveryView & D => ({ kind: 'delivery', ...record });
