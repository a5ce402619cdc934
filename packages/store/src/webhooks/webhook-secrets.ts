// The secrets that messages are signed with: sealed, several at once while a receiver changes from one to the next.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { WebhookId, WebhookSecretId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { newId } from '../new-id.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { type Sealed, unseal } from '../secrets/sealing.ts';
import { sealedColumns } from '../secrets/stored-secrets.ts';
import type { Transaction } from '../transaction.ts';

/** Each is a signature in a header, and a receiver has to try them all. */
const MOST_SECRETS = 5;

export async function addSecret(tx: Transaction, keyring: Keyring, webhookId: WebhookId, secret: string): Promise<void> {
  const id = newId('webhook_secret');
  const sealed = sealedColumns(keyring, secret, id);
  await tx.query(
    `insert into webhook_secrets (id, webhook_id, credentials_key_id, credentials_nonce, credentials_sealed) values ($1, $2, $3, $4, $5)`,
    [id, webhookId, sealed.credentials_key_id, sealed.credentials_nonce, sealed.credentials_sealed],
  );
}

/** Older ones end after the overlap, or earlier where that was said before. Refusal `too_many_secrets`. */
export async function replaceSecret(
  tx: Transaction,
  keyring: Keyring,
  { webhookId, secret, overlapSeconds }: { webhookId: WebhookId; secret: string; overlapSeconds: number },
): Promise<void> {
  await tx.query(
    `update webhook_secrets set expires_at = least(expires_at, now() + make_interval(secs => $2)) where webhook_id = $1`,
    [webhookId, overlapSeconds],
  );
  await tx.query('delete from webhook_secrets where webhook_id = $1 and expires_at <= now()', [webhookId]);
  const [held] = await tx.query<{ count: number }>('select count(*) from webhook_secrets where webhook_id = $1', [webhookId]);
  if ((held?.count ?? 0) >= MOST_SECRETS) throw new Refusal('too_many_secrets', { most: MOST_SECRETS });
  await addSecret(tx, keyring, webhookId, secret);
}

/** Newest first, as they were told. Faults of `unseal`. */
export async function signingSecrets(sql: Sql, keyring: Keyring, webhookId: WebhookId): Promise<string[]> {
  const rows = await sql.query<Sealed & { id: WebhookSecretId }>(
    `select id, credentials_key_id as "keyId", credentials_nonce as nonce, credentials_sealed as sealed from webhook_secrets
      where webhook_id = $1 and (expires_at is null or expires_at > now()) order by expires_at desc nulls first`,
    [webhookId],
  );
  return rows.map((row) => unseal(keyring, row, row.id));
}
