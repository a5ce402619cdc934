// /v1/schedules: what is done again and again. The worker does it.
import { name } from '@rackwright/api-contract/fields.ts';
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import {
  newSchedule,
  pauseSchedule,
  schedule,
  scheduleChange,
  type ScheduleChangeBody,
} from '@rackwright/api-contract/resources/schedule.ts';
import { taskName } from '@rackwright/api-contract/resources/schedule-tasks.ts';
import { makeId } from '@rackwright/domain/ids.ts';
import { z } from 'zod';
import { etagOf, expectedVersion, sendUncached } from '../http/etags.ts';
import type { NewSchedule, ScheduleRecord } from '../schedule-needs.ts';
import { viewSchedule } from '../views/schedule.ts';
import { changeSeen } from './change-seen.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { mergePatch, withoutUndefined } from './merge-patch.ts';
import { findNamed } from './references.ts';
import { checkedSchedule } from './schedule-input.ts';
import { byRef, idempotencyKey, ifMatch, MERGE_PATCH, nothing, problems } from './schema.ts';

const listQuery = z.strictObject({ ...pageQuery, name: name.optional(), task: taskName.optional() });
const tags = ['schedules'];

export function scheduleRoutes(api: Api, context: RouteContext): void {
  readRoutes(api, context);
  createRoute(api, context);
  changeRoutes(api, context);
  pauseRoutes(api, context);
}

function readRoutes(api: Api, context: RouteContext): void {
  const { schedules } = context.needs.inventory;

  api.get(
    '/v1/schedules',
    { schema: { operationId: 'listSchedules', tags, querystring: listQuery, response: { 200: pageOf(schedule), ...problems } } },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'schedules', ...filter },
        (page) => schedules.list(page, filter),
        viewSchedule,
      ),
  );

  api.get(
    '/v1/schedules/:ref',
    { schema: { operationId: 'getSchedule', tags, params: byRef, response: { 200: schedule, ...problems } } },
    async (request, reply) => sendUncached(reply, viewSchedule(await findNamed('schedule', schedules, request.params.ref))),
  );
}

function createRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/schedules',
    {
      schema: {
        operationId: 'createSchedule',
        tags,
        description: 'See what it would do with …/preview, and begin it at once with …/runs.',
        headers: idempotencyKey,
        body: newSchedule,
        response: { 201: schedule, ...problems },
      },
    },
    async (request, reply) => {
      const input = checkedSchedule(request.body, needs.clock.now());
      await answerOnce(request, reply, async ({ schedules }) => {
        const made = await schedules.create(makeId('schedule', needs.clock.now(), needs.random(10)), input);
        return {
          status: 201,
          headers: { location: `/v1/schedules/${made.id}`, etag: etagOf(made.version) },
          body: viewSchedule(made),
        };
      });
      return reply;
    },
  );
}

function changeRoutes(api: Api, { needs }: RouteContext): void {
  const { schedules } = needs.inventory;

  api.patch(
    '/v1/schedules/:ref',
    {
      schema: {
        operationId: 'changeSchedule',
        tags,
        description: 'With another cron or timeZone only times from now on count. A run under way keeps what it began with.',
        consumes: [MERGE_PATCH],
        params: byRef,
        headers: ifMatch,
        body: scheduleChange,
        response: { 200: schedule, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      const read = () => findNamed('schedule', schedules, request.params.ref);
      const changed = await changeSeen(expected, read, (current, from) =>
        schedules.update(current.id, from, checkedChange(current, request.body, needs.clock.now())),
      );
      return sendUncached(reply, viewSchedule(changed));
    },
  );

  api.delete(
    '/v1/schedules/:ref',
    {
      schema: {
        operationId: 'deleteSchedule',
        tags,
        description: 'With the record of its runs. Operations that it began go on.',
        params: byRef,
        headers: ifMatch,
        response: { 204: nothing, ...problems },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request);
      await schedules.delete((await findNamed('schedule', schedules, request.params.ref)).id, expected);
      return reply.code(204).send();
    },
  );
}

/** What is sent, checked together with what stays. */
function checkedChange(current: ScheduleRecord, change: ScheduleChangeBody, now: number): Partial<NewSchedule> {
  const { name: called, task, params, filter, cron, timeZone, blackouts, overlap, missed, limitMinutes } = current;
  const before = { name: called, task, params, filter, cron, timeZone, blackouts, overlap, missed, limitMinutes };
  const sent = withoutUndefined(change);
  const mergedParams = mergePatch(params, sent.params ?? {});
  const checked = checkedSchedule({ ...before, ...sent, params: mergedParams }, now);
  return Object.fromEntries(Object.keys(sent).map((member) => [member, checked[member as keyof NewSchedule]]));
}

function pauseRoutes(api: Api, { needs }: RouteContext): void {
  const { schedules } = needs.inventory;

  api.post(
    '/v1/schedules/:ref/pause',
    {
      schema: {
        operationId: 'pauseSchedule',
        tags,
        description: 'Nothing begins by itself any more; a run under way goes on. May be repeated.',
        params: byRef,
        body: pauseSchedule,
        response: { 200: schedule, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('schedule', schedules, request.params.ref);
      return sendUncached(reply, viewSchedule(await schedules.pause(id, request.principal, request.body.reason)));
    },
  );

  api.post(
    '/v1/schedules/:ref/resume',
    {
      schema: {
        operationId: 'resumeSchedule',
        tags,
        description: 'Goes on with the next planned time: what came while it was paused is not missed. May be repeated.',
        params: byRef,
        body: z.strictObject({}),
        response: { 200: schedule, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = await findNamed('schedule', schedules, request.params.ref);
      return sendUncached(reply, viewSchedule(await schedules.resume(id, request.principal)));
    },
  );
}
