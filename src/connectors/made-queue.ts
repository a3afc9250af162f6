/** What a queue is like that deploying makes. The redrive queue keeps messages longer: both count from the first sending. */
export const madeQueue = {
  /** Before it is known how long a call of its function may take. */
  visibilitySeconds: 720,
  retentionSeconds: 7 * 24 * 3600,
  redriveRetentionSeconds: 14 * 24 * 3600,
  maxMessageBytes: 1024 * 1024,
  maxReceives: 10,
} as const;

/** What names a queue that is made, in a connection of kind sqs. */
export interface MadeQueueNames {
  readonly queue?: string | undefined;
  readonly redrive?: string | undefined;
}

/** As declared, else the queue's name with an end of its own. */
export function madeRedriveName({ queue = '', redrive }: MadeQueueNames): string {
  if (redrive !== undefined) return redrive;
  const [, plain = '', fifo = ''] = /^(.*?)(\.fifo)?$/.exec(queue) ?? [];
  return `${plain}-redrive${fifo}`;
}
