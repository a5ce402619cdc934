-- CreateTable
CREATE TABLE "disk_removals" (
    "server_id" TEXT NOT NULL,
    "disk_serial" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "witness" TEXT,
    "evidence" TEXT NOT NULL,
    "happened_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "disk_removals_pkey" PRIMARY KEY ("server_id","disk_serial")
);

-- AddForeignKey
ALTER TABLE "disk_removals" ADD CONSTRAINT "disk_removals_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot say.
ALTER TABLE "disk_removals" ADD CONSTRAINT "disk_removals_method" CHECK ("method" IN ('physically_removed', 'destroyed'));
