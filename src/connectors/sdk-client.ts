import type { Calls } from './aws-calls.js';

/** The SDK of one of AWS's services, and a client of it. */
export interface OpenedSdk<Sdk, Client> {
  readonly sdk: Sdk;
  readonly client: Client;
}

/** A client of one of AWS's services, and how its calls are made. The SDK is loaded, and the client made, with the first. */
export class SdkClient<Sdk, Client extends { destroy(): void }> {
  readonly calls: Calls;
  readonly #connect: () => Promise<OpenedSdk<Sdk, Client>>;
  #opening: Promise<OpenedSdk<Sdk, Client>> | undefined;

  constructor(calls: Calls, connect: () => Promise<OpenedSdk<Sdk, Client>>) {
    this.calls = calls;
    this.#connect = connect;
  }

  open(): Promise<OpenedSdk<Sdk, Client>> {
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  /** Makes a call, again with patience while its failure may pass. */
  async call<Answer>(
    action: string,
    make: (sdk: Sdk, client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    const { sdk, client } = await this.open();
    return await this.calls.patiently(action, (abortSignal) => make(sdk, client, { abortSignal }));
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening)?.client.destroy();
  }
}
