// What a person may answer while an operation waits for them: each answer belongs to one question.

/** The reasons to wait that a person can end by answering; both stand among the waiting reasons of api-contract. */
export type Question = 'operator_answer' | 'fence_unproven';

export type Answer =
  /** Of a drain that is blocked: go on without the pods that stay, or let the node serve on. */
  | { answer: 'force' }
  | { answer: 'keep' }
  /** Of a machine whose BMC proves nothing: this person has seen that it has no power. */
  | { answer: 'confirm_power_off'; person: string; evidence: string };

/** `by` is who sent it, as the API knows them; `at` when. */
export type GivenAnswer = Answer & { by: string; at: string };

const QUESTIONS = {
  force: 'operator_answer',
  keep: 'operator_answer',
  confirm_power_off: 'fence_unproven',
} as const satisfies Record<Answer['answer'], Question>;

export function questionOf({ answer }: Answer): Question {
  return QUESTIONS[answer];
}
