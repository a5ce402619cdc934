// Restarting the BMC itself (Manager.Reset, DSP0268); the machine behind it is not touched.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation } from './conversation.ts';
import { part, text, texts } from './documents.ts';
import type { FoundServer } from './find-server.ts';

/** A graceful restart closes the BMC's own files first; where neither is listed, what every BMC has been seen to take. */
const WAYS = ['GracefulRestart', 'ForceRestart'];

/** Ends when it was told; it is away for minutes after that, and every session with it is gone. Fault `bmc_unsupported`. */
export async function resetBmc(redfish: Conversation, { manager }: FoundServer): Promise<void> {
  const action = part(manager, 'Actions', '#Manager.Reset');
  const target = text(action, 'target');
  if (target === '') {
    throw new Fault({
      code: 'bmc_unsupported',
      doing: redfish.doing,
      retry: 'never',
      cause: 'the manager offers no reset action',
    });
  }
  const allowed = texts(action, 'ResetType@Redfish.AllowableValues');
  const type = WAYS.find((way) => allowed.includes(way)) ?? 'GracefulRestart';
  try {
    await redfish.post(target, { ResetType: type });
  } catch (cause) {
    // Gone before it answered: as good an answer as any.
    if (!(cause instanceof Fault && cause.code === 'bmc_unreachable' && cause.effect === 'maybe')) throw cause;
  }
}
