-- CreateTable
CREATE TABLE "boot_replicas" (
    "name" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "boot_replicas_pkey" PRIMARY KEY ("name")
);
