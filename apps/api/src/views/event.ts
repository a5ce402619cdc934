// An event as the API shows it.
import { type EventView, sayCursor } from '@rackwright/api-contract/resources/event.ts';
import type { EventRecord } from '../needs.ts';

export function viewEvent(event: EventRecord, epoch: string): EventView {
  const { seq, subjectKind, subjectId, ...rest } = event;
  return {
    ...rest,
    id: sayCursor({ epoch, seq }),
    subject: { kind: subjectKind, id: subjectId },
    serverId: event.serverId as EventView['serverId'],
    operationId: event.operationId as EventView['operationId'],
  };
}
