/** The contract between the engine and a delivery stream that lies between changes and their sink (`via`). */

/** What became of one record: taken, or why it was not. */
export type Put = 'put' | { readonly code: 'item_too_large' | 'retries_exhausted'; readonly message: string };

export interface DeliveryStream {
  /**
   * Hands over records, as many calls as it takes; what the service took of a call is not sent again but where its answer
   * is lost: whoever takes records at the other end knows them again. In their order; a record is told as `put` only when the service
   * has said so. Throws what is no single record's fault.
   */
  put(records: readonly Uint8Array[]): Promise<readonly Put[]>;
  close(): Promise<void>;
}
