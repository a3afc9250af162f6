import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';
import type { Connections } from './connection.js';
import { showTable, type TableName } from './identifier.js';
import type { Session } from './session.js';

/** A killed run's connection may take a moment to end. */
const WAIT_SECONDS = 10;

/**
 * Keeps a table for one run while it is changed as a whole (a shadow, the keys for mirror), by a lock of the server that ends with its session: two runs at once would spoil each other's work.
 */
export class SinkLock {
  readonly #connections: Connections;
  readonly #session: Session;

  private constructor(connections: Connections, session: Session) {
    this.#connections = connections;
    this.#session = session;
  }

  /** Throws `run_locked` while another run has it. */
  static async take(connections: Connections, context: Context, table: TableName): Promise<SinkLock> {
    const hash = createHash('sha256').update(showTable(table)).digest('hex').slice(0, 32);
    const session = await connections.lease(context);
    const lock = new SinkLock(connections, session);
    try {
      const [row] = await session.rows('SELECT GET_LOCK(?, ?)', [`sluice_sink_${hash}`, WAIT_SECONDS]);
      if (row?.[0] === '1') return lock;
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
    throw new SluiceError('run_locked', `another run is replacing or mirroring ${showTable(table)}`, {
      hint: 'wait until it has ended',
    });
  }

  release(): void {
    this.#connections.discard(this.#session);
  }
}
