import type { Connection, Connector, Context } from '../connectors/connector.js';
import type { ConnectionKind } from '../connectors/registry.js';
import type { ConnectionDeclaration } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';

/** Loads a connector by its kind: the registry, or a test's own. */
export type LoadConnector = (kind: ConnectionKind) => Promise<Connector>;

/** The declared connections of one run: each opened when first used, all closed together. */
export class Connections {
  readonly #declared: Readonly<Record<string, ConnectionDeclaration>>;
  readonly #load: LoadConnector;
  readonly #context: Context;
  readonly #open = new Map<string, Promise<Connection>>();

  constructor(
    declared: Readonly<Record<string, ConnectionDeclaration>>,
    load: LoadConnector,
    context: Context,
  ) {
    this.#declared = declared;
    this.#load = load;
    this.#context = context;
  }

  get(name: string): Promise<Connection> {
    const known = this.#open.get(name);
    if (known) return known;
    const opening = this.#connect(name);
    this.#open.set(name, opening);
    return opening;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(
      opened.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)),
    );
  }

  async #connect(name: string): Promise<Connection> {
    const options = this.#declared[name];
    if (!options)
      throw new SluiceError('declaration_invalid', `no connection is named ${name}`, { path: 'connections' });
    const connector = await this.#load(options.kind);
    return connector.connect(options, this.#context);
  }
}
