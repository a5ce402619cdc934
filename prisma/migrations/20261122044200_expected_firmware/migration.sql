-- AlterTable
ALTER TABLE "hardware_models" ADD COLUMN     "bios_version" TEXT,
ADD COLUMN     "bmc_firmware" TEXT;
