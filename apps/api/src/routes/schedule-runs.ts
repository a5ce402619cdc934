// /v1/schedules/{ref}/runs and …/preview: what was done, what came of each server, what would be done now.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import {
  ITEM_STATES,
  RUN_STATES,
  runSchedule,
  schedulePreview,
  scheduleRun,
  scheduleRunItem,
} from '@rackwright/api-contract/resources/schedule.ts';
import { previewTimes } from '@rackwright/domain/schedules/decide-run.ts';
import { scheduleTask } from '@rackwright/workflows/schedule-tasks/tasks.ts';
import { z } from 'zod';
import { requireIdempotencyKey } from '../http/idempotent.ts';
import { sayReason, viewItem, viewRun } from '../views/schedule.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { findNamed, idOrRefuse } from './references.ts';
import { byRef, idempotencyKey, problems } from './schema.ts';
import { conditionsOf } from './server-conditions.ts';

const tags = ['schedules'];
const byRun = byRef.extend({ run: z.string().min(1).max(64) });
const listQuery = z.strictObject({ ...pageQuery, state: z.enum(RUN_STATES).optional() });
const itemQuery = z.strictObject({ ...pageQuery, state: z.enum(ITEM_STATES).optional() });
const previewQuery = z.strictObject({ times: z.coerce.number().int().min(1).max(100).default(10) });
const MOST_PREVIEWED = 500;

export function scheduleRunRoutes(api: Api, context: RouteContext): void {
  beginRoute(api, context);
  readRoutes(api, context);
  itemRoute(api, context);
  previewRoute(api, context);
}

function beginRoute(api: Api, { needs, answerOnce }: RouteContext): void {
  api.post(
    '/v1/schedules/:ref/runs',
    {
      schema: {
        operationId: 'runSchedule',
        tags,
        description: 'Now, also while it is paused. Idempotency-Key is required.',
        params: byRef,
        headers: idempotencyKey,
        body: runSchedule,
        response: { 202: scheduleRun, ...problems },
      },
    },
    async (request, reply) => {
      requireIdempotencyKey(request);
      const { id } = await findNamed('schedule', needs.inventory.schedules, request.params.ref);
      await answerOnce(request, reply, async ({ schedules }) => {
        const run = await schedules.runNow(id, { ...request.body, by: request.principal, now: needs.clock.now() });
        return {
          status: 202,
          headers: { location: `/v1/schedules/${id}/runs/${run.id}`, 'retry-after': '2' },
          body: viewRun(run),
        };
      });
      return reply;
    },
  );
}

function readRoutes(api: Api, context: RouteContext): void {
  const { schedules } = context.needs.inventory;

  api.get(
    '/v1/schedules/:ref/runs',
    {
      schema: {
        operationId: 'listScheduleRuns',
        tags,
        description: 'Newest first, also those that were skipped. What ended is kept 90 days, what was skipped a week.',
        params: byRef,
        querystring: listQuery,
        response: { 200: pageOf(scheduleRun), ...problems },
      },
    },
    async ({ params, query: { limit, pageToken, ...filter } }) => {
      const { id } = await findNamed('schedule', schedules, params.ref);
      const read = (page: Parameters<typeof schedules.runs>[1]) => schedules.runs(id, page, filter);
      return answerPage(context, { limit, pageToken }, { of: `runs of ${id}`, ...filter }, read, viewRun);
    },
  );

  api.get(
    '/v1/schedules/:ref/runs/:run',
    { schema: { operationId: 'getScheduleRun', tags, params: byRun, response: { 200: scheduleRun, ...problems } } },
    async ({ params }) => {
      const { id } = await findNamed('schedule', schedules, params.ref);
      return viewRun(await schedules.run(id, idOrRefuse('schedule_run', params.run)));
    },
  );
}

function itemRoute(api: Api, context: RouteContext): void {
  const { schedules } = context.needs.inventory;

  api.get(
    '/v1/schedules/:ref/runs/:run/items',
    {
      schema: {
        operationId: 'listScheduleRunItems',
        tags,
        description: 'Everything that the filter found: what was picked and what came of it, and why the rest was left alone.',
        params: byRun,
        querystring: itemQuery,
        response: { 200: pageOf(scheduleRunItem), ...problems },
      },
    },
    async ({ params, query: { limit, pageToken, ...filter } }) => {
      const { id } = await findNamed('schedule', schedules, params.ref);
      const run = await schedules.run(id, idOrRefuse('schedule_run', params.run));
      const read = (page: Parameters<typeof schedules.items>[1]) => schedules.items(run.id, page, filter);
      return answerPage(context, { limit, pageToken }, { of: `items of ${run.id}`, ...filter }, read, viewItem);
    },
  );
}

function previewRoute(api: Api, { needs }: RouteContext): void {
  const { schedules } = needs.inventory;

  api.get(
    '/v1/schedules/:ref/preview',
    {
      schema: {
        operationId: 'previewSchedule',
        tags,
        description: 'The next times, and what a run would pick if it began now. Nothing is done.',
        params: byRef,
        querystring: previewQuery,
        response: { 200: schedulePreview, ...problems },
      },
    },
    async ({ params, query }) => {
      const record = await findNamed('schedule', schedules, params.ref);
      const now = needs.clock.now();
      const candidates = await schedules.candidates(conditionsOf(record.filter, '/filter'));
      const items = scheduleTask(record.task).pick(candidates, record.params, { now, timeZone: record.timeZone });
      const picked = items.filter((item) => item.picked);
      const shown = [...picked, ...items.filter((item) => !item.picked)].slice(0, MOST_PREVIEWED);
      return {
        times: previewTimes(record, now, query.times),
        picks: {
          picked: picked.length,
          skipped: items.length - picked.length,
          items: shown.map(({ subject, picked: isPicked, reason, facts }) => ({
            subject,
            picked: isPicked,
            reason: sayReason(reason),
            params: facts,
          })),
          more: items.length - shown.length,
        },
      };
    },
  );
}
