-- CreateTable
CREATE TABLE "work_orders" (
    "id" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "part_kind" TEXT NOT NULL,
    "part_slot" TEXT,
    "old_part_serial" TEXT,
    "new_part_serials" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "assignee" TEXT,
    "notes" TEXT NOT NULL DEFAULT '',
    "reason" TEXT,
    "problem" JSONB,
    "outcome" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "burn_in" TEXT NOT NULL DEFAULT 'short',
    "operation_id" TEXT,
    "validation" JSONB,
    "opened_by" TEXT NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "looked_at" TIMESTAMPTZ(3),
    "power" TEXT,
    "power_silent_because" TEXT,
    "power_seen_at" TIMESTAMPTZ(3),
    "power_word" JSONB,
    "led_lit" BOOLEAN,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "work_orders_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "work_orders_server_id_idx" ON "work_orders"("server_id");

-- CreateIndex
CREATE INDEX "work_orders_operation_id_idx" ON "work_orders"("operation_id");

-- AddForeignKey
ALTER TABLE "work_orders" ADD CONSTRAINT "work_orders_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot say.
ALTER TABLE "work_orders"
  ADD CONSTRAINT "work_orders_state" CHECK ("state" IN ('open', 'assigned', 'on_site', 'verified', 'draining', 'safe', 'in_progress', 'validating', 'closed', 'blocked', 'cancelled')),
  ADD CONSTRAINT "work_orders_outcome" CHECK ("outcome" IN ('repaired', 'returned_to_vendor', 'scrapped')),
  ADD CONSTRAINT "work_orders_closed" CHECK (("state" = 'closed') = ("outcome" IS NOT NULL) AND ("state" IN ('closed', 'cancelled')) = ("closed_at" IS NOT NULL)),
  ADD CONSTRAINT "work_orders_burn_in" CHECK ("burn_in" IN ('none', 'short', 'long'));

-- One open order per server and cause, however often it is asked for.
CREATE UNIQUE INDEX "work_orders_open_cause" ON "work_orders" ("server_id", "cause") WHERE "state" NOT IN ('closed', 'cancelled');
-- Whose light and power are looked at.
CREATE INDEX "work_orders_watched" ON "work_orders" ("looked_at") WHERE "state" IN ('on_site', 'verified', 'draining', 'safe', 'in_progress') OR "led_lit";
