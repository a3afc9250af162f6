import type { DeliveryStream } from '../../connectors/delivery.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { copyOf } from '../replicate-copy.js';
import { openScope, type World } from '../scope.js';

/** The delivery stream of a replicate, for somebody who is handed changes. */
export interface OpenDelivery {
  readonly stream: DeliveryStream;
  /** Nothing more is waited for. It is of no more use. */
  abort(reason: unknown): void;
  close(): Promise<void>;
}

/** Opens nothing yet. Throws `declaration_invalid` where the step has none. */
export async function openDelivery(world: World, step: ReplicateStep): Promise<OpenDelivery> {
  const scope = openScope(world, copyOf(step), step.name, { handed: true });
  const connection = step.via && (await world.connections.get(step.via.connection));
  const stream = connection?.delivery?.(scope.context);
  if (!stream) {
    const message = `${step.name} goes through no delivery stream`;
    throw new SluiceError('declaration_invalid', message, { path: `${step.path}.via` });
  }
  return {
    stream,
    abort: (reason) => scope.abort(reason),
    close: async () => {
      await stream.close();
      await world.connections.close();
    },
  };
}
