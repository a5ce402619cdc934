-- CreateTable
CREATE TABLE "plans" (
    "id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "requested_by" TEXT NOT NULL,
    "selection" JSONB NOT NULL,
    "waves" JSONB NOT NULL,
    "summary" JSONB NOT NULL,
    "sights" JSONB NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan_items" (
    "plan_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "server_id" TEXT NOT NULL,
    "server_name" TEXT NOT NULL,
    "rack_id" TEXT,
    "runs" BOOLEAN NOT NULL,
    "basis" JSONB NOT NULL,
    "planned" JSONB NOT NULL,

    CONSTRAINT "plan_items_pkey" PRIMARY KEY ("plan_id","position")
);

-- CreateTable
CREATE TABLE "bulk_operations" (
    "id" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "requested_by" TEXT NOT NULL,
    "waves" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state_by" TEXT NOT NULL DEFAULT '',
    "stopped" JSONB,
    "waiting_for" JSONB,
    "look_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "bulk_operations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk_items" (
    "bulk_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "server_id" TEXT NOT NULL,
    "server_name" TEXT NOT NULL,
    "rack_id" TEXT,
    "basis" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "wave" INTEGER,
    "operation_id" TEXT,
    "begun_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "error" JSONB,
    "forgiven" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "bulk_items_pkey" PRIMARY KEY ("bulk_id","position")
);

-- CreateIndex
CREATE INDEX "plans_expires_at_idx" ON "plans"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "plan_items_plan_id_server_id_key" ON "plan_items"("plan_id", "server_id");

-- CreateIndex
CREATE UNIQUE INDEX "bulk_operations_plan_id_key" ON "bulk_operations"("plan_id");

-- CreateIndex
CREATE UNIQUE INDEX "bulk_items_operation_id_key" ON "bulk_items"("operation_id");

-- CreateIndex
CREATE UNIQUE INDEX "bulk_items_bulk_id_server_id_key" ON "bulk_items"("bulk_id", "server_id");

-- AddForeignKey
ALTER TABLE "plan_items" ADD CONSTRAINT "plan_items_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk_operations" ADD CONSTRAINT "bulk_operations_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk_items" ADD CONSTRAINT "bulk_items_bulk_id_fkey" FOREIGN KEY ("bulk_id") REFERENCES "bulk_operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "bulk_operations"
  ADD CONSTRAINT "bulk_operations_state" CHECK ("state" IN ('running', 'paused', 'stopped', 'cancelling', 'cancelled', 'finished')),
  ADD CONSTRAINT "bulk_operations_finished" CHECK (("state" IN ('cancelled', 'finished')) = ("finished_at" IS NOT NULL)),
  -- Nothing waits silently.
  ADD CONSTRAINT "bulk_operations_stopped" CHECK ("state" <> 'stopped' OR "stopped" IS NOT NULL);
ALTER TABLE "bulk_items"
  ADD CONSTRAINT "bulk_items_state" CHECK ("state" IN ('pending', 'running', 'succeeded', 'failed', 'refused', 'cancelled', 'skipped')),
  ADD CONSTRAINT "bulk_items_running" CHECK ("state" <> 'running' OR "operation_id" IS NOT NULL),
  ADD CONSTRAINT "bulk_items_ended" CHECK (("state" IN ('pending', 'running')) = ("ended_at" IS NULL));

-- The sweep asks every second.
CREATE INDEX "bulk_operations_active" ON "bulk_operations" ("id") WHERE "finished_at" IS NULL;
CREATE INDEX "bulk_items_running" ON "bulk_items" ("bulk_id") WHERE "state" = 'running';
