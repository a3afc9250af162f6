/** Of incremental copies: what of its column a source reads, and how far that has come. */

/**
 * What an incremental read takes. Times, `2026-11-01 05:00:00.000000`: from `from` on and below `to`, so that rows of
 * equal times are never parted. Numbers: above `from` and up to `to`. Without `from`: from the beginning. Without
 * `to`: nothing.
 */
export interface Window {
  readonly kind: 'time' | 'number';
  readonly from?: string;
  readonly to?: string;
}

/** How far a source with `since` has come. */
export type Top = {
  /** Rows have no value in the column; no window would ever hold them. */
  readonly nulls: boolean;
} & (
  | {
      readonly kind: 'time';
      /** The server's clock in UTC: `2026-11-01 05:00:00.123456`. */
      readonly now: string;
      /** Digits of a second that the column holds; 'day' where it holds no time. */
      readonly fraction: number | 'day';
      /** The column holds instants; otherwise what a clock somewhere shows. */
      readonly isInstant: boolean;
    }
  | {
      readonly kind: 'number';
      /** The largest number; absent where there are no rows. */
      readonly max?: string;
    }
);
