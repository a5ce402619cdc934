// Fits the store to what the HTTP side needs for the agent: reports go in, instructions and seeds come out.
import type { postgresAgentReports } from '@rackwright/store/boot/agent-reports.ts';
import type { postgresUnknownServers } from '@rackwright/store/boot/dhcp-leases.ts';
import type { BootMemory } from './feed/boot-memory.ts';
import type { Following } from './feed/follow-store.ts';
import type { AgentReports } from './http/needs.ts';
import { seedValues, type SeedNeeds } from './seed-values.ts';

export type AgentReportParts = {
  reports: ReturnType<typeof postgresAgentReports>;
  memory: BootMemory;
  following: Following;
  strangers: ReturnType<typeof postgresUnknownServers>;
  seedNeeds: SeedNeeds;
};

export function agentReports({ reports, memory, following, strangers, seedNeeds }: AgentReportParts): AgentReports {
  const { nextInstruction, progressed, finished } = reports;
  return {
    nextInstruction,
    progressed,
    finished,
    async inspected(ticketId, inspection) {
      await reports.inspected(ticketId, inspection);
    },
    discovered: ({ mac, inspection }) => strangers.inspected(mac, inspection),
    watchInstructions(ticketId, wake) {
      const serverId = memory.tickets.serverOf(ticketId);
      return serverId === undefined ? () => undefined : following.onChange(serverId, wake);
    },
    async seed(ticketId, id) {
      const asked = await reports.readSeed(ticketId, id);
      if (asked === 'over' || asked === 'unknown') return asked;
      return (await seedValues(seedNeeds, asked.serverId, asked.deed.seed.nodeLabels)) ?? 'unknown';
    },
  };
}
