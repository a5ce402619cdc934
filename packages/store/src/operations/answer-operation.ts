// What a person answers to an operation that waits for them: once per question, and only while it is asked.
import { type Answer, type GivenAnswer, type Question, questionOf } from '@rackwright/domain/answers.ts';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import type { Transaction } from '../transaction.ts';
import { lockRunning, signalOperation } from './signal-operation.ts';

type Row = { answer: Answer; by: string; at: string };

/**
 * Refusals of `lockRunning`; `nothing_asked` when it waits for something else, `already_answered` when somebody said otherwise.
 * The same answer may be repeated. Whoever called wakes the operation after the commit.
 */
export async function answerOperation(tx: Transaction, operationId: OperationId, answer: Answer, by: string): Promise<void> {
  const { serverId, waitingForCode } = await lockRunning(tx, operationId);
  const question = questionOf(answer);
  const given = await readAnswer(tx, operationId, question);
  if (given) {
    if (canonicalJson(given.answer) === canonicalJson(answer)) return;
    throw new Refusal('already_answered', { operationId, answer: given.answer.answer, by: given.by });
  }
  if (waitingForCode !== question)
    throw new Refusal('nothing_asked', { operationId, answer: answer.answer, waitingFor: waitingForCode ?? 'nothing' });
  await tx.query('insert into operation_answers (operation_id, question, answer, answered_by) values ($1, $2, $3, $4)', [
    operationId,
    question,
    JSON.stringify(answer),
    by,
  ]);
  await signalOperation(tx, operationId);
  tx.emit({
    kind: 'operation.answered',
    subject: { kind: 'operation', id: operationId },
    serverId,
    operationId,
    payload: { question, ...answer, by },
  });
}

/** What was answered, as the workflows see it. */
export async function findAnswer(sql: Sql, operationId: OperationId, question: Question): Promise<GivenAnswer | undefined> {
  const given = await readAnswer(sql, operationId, question);
  return given && { ...given.answer, by: given.by, at: given.at };
}

async function readAnswer(sql: Sql, operationId: OperationId, question: Question): Promise<Row | undefined> {
  const [row] = await sql.query<Row>(
    `select answer, answered_by as by, answered_at as at from operation_answers where operation_id = $1 and question = $2`,
    [operationId, question],
  );
  return row;
}
