import { Option } from 'commander';

export interface HalfOption {
  readonly only?: 'send' | 'receive';
}

/** `--only`, of commands that run or plan copies. */
export function halfOption(): Option {
  const about = 'of copies that go through a queue (via), this half alone: docs/queue.md';
  return new Option('--only <half>', about).choices(['send', 'receive']);
}
