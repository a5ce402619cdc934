-- What tells that servers are not well, who sees it, and what was decided.
ALTER TABLE "allocations" ADD COLUMN     "control_plane" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "health_signals" (
    "server_id" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "signal" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "health_signals_pkey" PRIMARY KEY ("server_id","family")
);

-- CreateTable
CREATE TABLE "cluster_sights" (
    "cluster_id" TEXT NOT NULL,
    "vantage" TEXT NOT NULL,
    "sees" BOOLEAN NOT NULL,
    "why" TEXT NOT NULL DEFAULT '',
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cluster_sights_pkey" PRIMARY KEY ("cluster_id","vantage")
);

-- CreateTable
CREATE TABLE "health_decisions" (
    "server_id" TEXT NOT NULL,
    "deed" TEXT NOT NULL,
    "rung" TEXT NOT NULL,
    "because" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "until" TIMESTAMPTZ(3),
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "health_decisions_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "health_policy" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "version" BIGINT NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "leader" TEXT,
    "leader_until" TIMESTAMPTZ(3),

    CONSTRAINT "health_policy_pkey" PRIMARY KEY ("only")
);

-- AddForeignKey
ALTER TABLE "health_signals" ADD CONSTRAINT "health_signals_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cluster_sights" ADD CONSTRAINT "cluster_sights_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "clusters"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "health_decisions" ADD CONSTRAINT "health_decisions_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say: one policy, which is there from the beginning.
ALTER TABLE "health_policy" ADD CONSTRAINT "health_policy_only" CHECK ("only");
INSERT INTO "health_policy" DEFAULT VALUES;
DROP INDEX "servers_working";
CREATE INDEX "servers_working" ON "servers" ("state_since") WHERE "state" IN ('onboarding', 'provisioning', 'releasing', 'retiring', 'remediating');
