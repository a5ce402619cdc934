// An operation as the API shows it: names from the catalogue beside what the log holds.
import type { OperationView } from '@rackwright/api-contract/resources/operation.ts';
import type { OperationError, OperationRecord, StepView } from '../records.ts';
import { inWords } from './in-words.ts';

export function viewOperation(operation: OperationRecord): OperationView {
  const { serverId, waitingFor, cancelRequested, error, steps, requestedBy, ...rest } = operation;
  const done = operation.state !== 'running';
  const current = steps.findLast((step) => step.state === 'running' || step.state === 'waiting');
  return {
    kind: 'operation',
    ...rest,
    type: operationType(operation.type),
    target: { kind: 'server', id: serverId },
    done,
    progress: {
      stepsDone: steps.filter((step) => step.state === 'done').length,
      currentStep: done ? null : (current?.name ?? null),
    },
    steps: steps.map(viewStep),
    waitingFor: waitingFor && viewWaiting(waitingFor),
    requestedBy: { principal: requestedBy },
    cancel: { supported: !done && !cancelRequested, requested: cancelRequested },
    error: error && viewError(error),
  };
}

/** `onboard-server` is our workflow; the caller asked to onboard. */
export const operationType = (workflow: string): string => workflow.replace(/-server$/, '').replaceAll('-', '_');

export function viewWaiting(waitingFor: NonNullable<OperationRecord['waitingFor']>): NonNullable<OperationView['waitingFor']> {
  const { facts, blockers = [], ...rest } = waitingFor;
  return { ...rest, params: { ...facts }, blockers: blockers.map((blocker) => ({ ...blocker })) };
}

function viewStep({ updatedAt, error, ...step }: StepView): OperationView['steps'][number] {
  const durationSeconds = (Date.parse(updatedAt) - Date.parse(step.startedAt)) / 1_000;
  return { ...step, durationSeconds: Math.max(0, durationSeconds), error: error && viewError(error) };
}

const viewError = (error: OperationError): NonNullable<OperationView['error']> => ({ ...inWords(error), message: error.message });
