-- Alone: a value can be used only after the transaction that added it.
ALTER TYPE "server_state" ADD VALUE 'isolating';
ALTER TYPE "server_state" ADD VALUE 'in_repair';
ALTER TYPE "server_state" ADD VALUE 'validating';
