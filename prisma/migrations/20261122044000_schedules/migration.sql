-- CreateTable
CREATE TABLE "schedules" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "task" TEXT NOT NULL,
    "params" JSONB NOT NULL DEFAULT '{}',
    "filter" TEXT NOT NULL DEFAULT '',
    "cron" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "blackouts" JSONB NOT NULL DEFAULT '[]',
    "overlap" TEXT NOT NULL DEFAULT 'skip',
    "missed" JSONB NOT NULL DEFAULT '{"policy": "skip"}',
    "limit_minutes" INTEGER NOT NULL,
    "paused_at" TIMESTAMPTZ(3),
    "paused_by" TEXT,
    "paused_reason" TEXT,
    "decided_through" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "look_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_runs" (
    "id" TEXT NOT NULL,
    "schedule_id" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "requested_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "planned_at" TIMESTAMPTZ(3) NOT NULL,
    "task" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "filter" TEXT NOT NULL,
    "limit_minutes" INTEGER NOT NULL,
    "ignore_blackout" BOOLEAN NOT NULL DEFAULT false,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "deadline_at" TIMESTAMPTZ(3),
    "picked_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "waiting_for" JSONB,
    "wake_at" TIMESTAMPTZ(3),
    "run_fence" BIGINT NOT NULL DEFAULT 0,
    "run_by" TEXT,
    "run_until" TIMESTAMPTZ(3),
    "error" JSONB,
    "artefact" JSONB,

    CONSTRAINT "schedule_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_run_items" (
    "run_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "subject_name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "operation_id" TEXT,
    "result" JSONB,
    "error" JSONB,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedule_run_items_pkey" PRIMARY KEY ("run_id","position")
);

-- CreateIndex
CREATE UNIQUE INDEX "schedules_name_key" ON "schedules"("name");

-- CreateIndex
CREATE INDEX "schedules_look_at_idx" ON "schedules"("look_at");

-- CreateIndex
CREATE INDEX "schedule_runs_schedule_id_id_idx" ON "schedule_runs"("schedule_id", "id");

-- CreateIndex
CREATE INDEX "schedule_runs_ended_at_idx" ON "schedule_runs"("ended_at");

-- CreateIndex
CREATE INDEX "schedule_run_items_operation_id_idx" ON "schedule_run_items"("operation_id");

-- AddForeignKey
ALTER TABLE "schedule_runs" ADD CONSTRAINT "schedule_runs_schedule_id_fkey" FOREIGN KEY ("schedule_id") REFERENCES "schedules"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedule_run_items" ADD CONSTRAINT "schedule_run_items_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "schedule_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "schedules"
  ADD CONSTRAINT "schedules_overlap" CHECK ("overlap" IN ('skip', 'queue_one')),
  ADD CONSTRAINT "schedules_paused_by_somebody" CHECK (("paused_at" IS NULL) = ("paused_by" IS NULL) AND ("paused_at" IS NULL) = ("paused_reason" IS NULL));
ALTER TABLE "schedule_runs"
  ADD CONSTRAINT "schedule_runs_trigger" CHECK ("trigger" IN ('schedule', 'operator')),
  ADD CONSTRAINT "schedule_runs_state" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'skipped')),
  ADD CONSTRAINT "schedule_runs_ended" CHECK (("state" IN ('queued', 'running')) = ("ended_at" IS NULL));
ALTER TABLE "schedule_run_items"
  ADD CONSTRAINT "schedule_run_items_state" CHECK ("state" IN ('skipped', 'open', 'waiting', 'done', 'failed'));

-- A planned time is decided once, by one run.
CREATE UNIQUE INDEX "schedule_runs_slot" ON "schedule_runs" ("schedule_id", "planned_at") WHERE "trigger" = 'schedule';
-- One at a time, and one that waits.
CREATE UNIQUE INDEX "schedule_runs_one_running" ON "schedule_runs" ("schedule_id") WHERE "state" = 'running';
CREATE UNIQUE INDEX "schedule_runs_one_queued" ON "schedule_runs" ("schedule_id") WHERE "state" = 'queued';
-- What a worker looks for every second.
CREATE INDEX "schedule_runs_open" ON "schedule_runs" ("wake_at") WHERE "state" IN ('queued', 'running');
