-- What servers of a product are expected to be made of; null says nothing.
CREATE TABLE "hardware_models" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "product" TEXT NOT NULL,
    "cpu_sockets" INTEGER,
    "memory_bytes" BIGINT,
    "disks" JSONB,
    "nics" INTEGER,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "hardware_models_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "hardware_models_name_key" ON "hardware_models"("name");

-- CreateIndex
CREATE UNIQUE INDEX "hardware_models_product_key" ON "hardware_models"("product");
