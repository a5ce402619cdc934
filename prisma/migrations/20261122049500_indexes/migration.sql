-- CreateIndex
CREATE INDEX "replacements_created_at_idx" ON "replacements"("created_at");

-- CreateIndex
CREATE INDEX "work_orders_created_at_idx" ON "work_orders"("created_at");

-- What Prisma cannot say.

-- The worker asks every few seconds what was begun and did not end; who was in a cold start of last year is of no interest to it.
CREATE INDEX "cold_start_servers_open" ON "cold_start_servers" ("cold_start_id") WHERE "state" IN ('starting', 'on');

-- Retention forgets them after a week, while the other items of the same runs stay for months.
CREATE INDEX "schedule_run_items_skipped" ON "schedule_run_items" ("run_id") WHERE "state" = 'skipped';

-- No statement finds servers by the time of their move: deadlines are those of operations.
DROP INDEX "servers_working";

-- to_char reads lc_time, so it is stable; Postgres puts a function's body in place of its call only when the function promises no more
-- than its body does, and may keep what an immutable one said in an index or a plan.
ALTER FUNCTION iso_time(TIMESTAMPTZ) STABLE;
