-- What a person should look at.
CREATE TABLE "incidents" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "scope_kind" TEXT NOT NULL,
    "scope_id" TEXT NOT NULL,
    "scope_name" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "acknowledged_by" TEXT,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_note" TEXT,
    "closed_at" TIMESTAMPTZ(3),
    "closed_because" TEXT,

    CONSTRAINT "incidents_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "incidents_scope_id_id_idx" ON "incidents"("scope_id", "id");

-- What Prisma cannot say: one open incident per key.
CREATE UNIQUE INDEX "incidents_open" ON "incidents" ("key") WHERE "closed_at" IS NULL;
ALTER TABLE "incidents" ADD CONSTRAINT "incidents_severity" CHECK ("severity" IN ('warning', 'critical'));
ALTER TABLE "incidents" ADD CONSTRAINT "incidents_closed" CHECK (("closed_at" IS NULL) = ("closed_because" IS NULL));
