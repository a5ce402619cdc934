// Webhooks as the API shows them: what was asked, how far each is, how its receiver does.
import type { WebhookId, WebhookSecretId } from '@rackwright/domain/ids.ts';
import { instantSql } from '../instant-sql.ts';
import { type Stamps, stamps } from '../inventory/work.ts';

export type WebhookSecretRecord = {
  id: WebhookSecretId;
  createdAt: string /** Null for the newest. */;
  expiresAt: string | null;
};

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
  /** All of them sign; newest first. */
  secrets: WebhookSecretRecord[];
};

/** Ends before `where`; the alias is t. */
export const SELECT_WEBHOOK = `
  select t.id, t.name, t.url, t.kinds, t.subject_id as "subjectId", t.enabled, t.disabled_reason as "disabledReason",
         t.disabled_at as "disabledAt", t.failing_since as "failingSince", t.consecutive_failures as "consecutiveFailures",
         t.last_taken_at as "lastTakenAt", t.last_error as "lastError", ${stamps('t')},
         (select jsonb_build_object('epoch', epoch, 'seq', t.cursor_seq) from event_sequence) as cursor,
         (select count(*) from webhook_deliveries d where d.webhook_id = t.id and d.state = 'pending') as pending,
         (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'createdAt', ${instantSql('s.created_at')},
                                                       'expiresAt', ${instantSql('s.expires_at')}) order by s.expires_at desc nulls first), '[]')
            from webhook_secrets s where s.webhook_id = t.id and (s.expires_at is null or s.expires_at > now())) as secrets
    from webhooks t`;
