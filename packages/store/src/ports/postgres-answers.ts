// What people answered, for the workflows that asked.
import type { Answers } from '@rackwright/workflows/ports.ts';
import type { Database } from '../database.ts';
import { findAnswer } from '../operations/answer-operation.ts';

export function postgresAnswers(database: Database): Answers {
  return { find: (operationId, question) => findAnswer(database, operationId, question) };
}
