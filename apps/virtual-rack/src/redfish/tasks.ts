// Tasks of one simulated BMC: a reset that answers 202 runs until the chassis has settled.
import type { Answer, RedfishJson } from './answers.ts';
import { refusal } from './answers.ts';

export type Tasks = {
  /** The 202 for a deed under way; `isDone` is asked whenever somebody looks. */
  start(name: string, isDone: () => boolean): Answer;
  /** The task's document. */
  read(id: string): RedfishJson | undefined;
  /** The monitor: 202 while it runs, then 200 once, then gone. */
  monitor(id: string): Answer;
  ids(): string[];
};

export const TASKS = '/redfish/v1/TaskService/Tasks';
export const MONITORS = '/redfish/v1/TaskService/TaskMonitors';
const MAX_TASKS = 16;

export function taskTable(): Tasks {
  const tasks = new Map<string, { name: string; isDone: () => boolean }>();
  let lastId = 0;

  const read = (id: string): RedfishJson | undefined => {
    const task = tasks.get(id);
    if (!task) return undefined;
    const done = task.isDone();
    return {
      '@odata.type': '#Task.v1_6_0.Task',
      '@odata.id': `${TASKS}/${id}`,
      Id: id,
      Name: task.name,
      TaskState: done ? 'Completed' : 'Running',
      TaskStatus: 'OK',
      TaskMonitor: `${MONITORS}/${id}`,
    };
  };
  return {
    read,
    ids: () => [...tasks.keys()],
    start(name, isDone) {
      lastId += 1;
      const id = String(lastId);
      const [oldest] = tasks.keys();
      if (tasks.size >= MAX_TASKS && oldest !== undefined) tasks.delete(oldest);
      tasks.set(id, { name, isDone });
      return { status: 202, headers: { location: `${MONITORS}/${id}`, 'retry-after': '1' }, body: read(id) ?? {} };
    },
    monitor(id) {
      const body = read(id);
      if (!body) return refusal(404, 'ResourceMissingAtURI', 'There is no such task.');
      if (body['TaskState'] !== 'Completed') return { status: 202, headers: { 'retry-after': '1' }, body };
      tasks.delete(id);
      return { status: 200, body };
    },
  };
}
