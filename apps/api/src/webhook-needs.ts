// What the API needs to keep webhooks; the worker delivers.
import type { DeliveryId, WebhookId, WebhookSecretId } from '@rackwright/domain/ids.ts';
import type { Collection, Page, PageRequest, Stamps } from './collection-needs.ts';

export type WebhookRecord = Stamps & {
  id: WebhookId;
  name: string;
  url: string;
  kinds: string[];
  subjectId: string | null;
  enabled: boolean;
  disabledReason: string | null;
  disabledAt: string | null;
  /** Events up to here have become deliveries, or were not wanted. */
  cursor: { epoch: string; seq: number };
  pending: number;
  failingSince: string | null;
  consecutiveFailures: number;
  lastTakenAt: string | null;
  lastError: string | null;
  secrets: { id: WebhookSecretId; createdAt: string; expiresAt: string | null }[];
};
export type NewWebhook = { name: string; url: string; kinds: string[]; subjectId: string | null; secret: string };
export type WebhookChange = Partial<Omit<NewWebhook, 'secret'>>;

export type DeliveryState = 'pending' | 'delivered' | 'given_up';
export type DeliveryRecord = {
  id: DeliveryId;
  messageId: string;
  type: string;
  state: DeliveryState;
  attempts: number;
  createdAt: string;
  nextAttemptAt: string | null;
  endedAt: string | null;
  log: { at: string; status: number | null; error: string | null; answer: string; durationMs: number }[];
};
export type DeliveryWithBody = DeliveryRecord & { body: string };

export interface Webhooks extends Collection<WebhookId, WebhookRecord, NewWebhook, WebhookChange> {
  list(page: PageRequest, filter: { name?: string | undefined }): Promise<Page<WebhookRecord>>;
  /** The older secrets sign on for the overlap. Refusal `too_many_secrets`. */
  rotateSecret(id: WebhookId, secret: string, overlapSeconds: number): Promise<WebhookRecord>;
  /** Both may be repeated. */
  enable(id: WebhookId, backlog: 'deliver' | 'skip', by: string): Promise<WebhookRecord>;
  disable(id: WebhookId, by: string): Promise<WebhookRecord>;
  /** Refusals `webhook_disabled`, `too_many_tests`. */
  sendTest(id: WebhookId, at: string): Promise<DeliveryWithBody>;
  /** Newest first. */
  deliveries(id: WebhookId, page: PageRequest, filter: { state?: DeliveryState | undefined }): Promise<Page<DeliveryRecord>>;
  delivery(id: WebhookId, deliveryId: DeliveryId): Promise<DeliveryWithBody>;
  /** The same message, with the same id. Refusal `webhook_disabled`. */
  redeliver(id: WebhookId, deliveryId: DeliveryId): Promise<DeliveryWithBody>;
}
