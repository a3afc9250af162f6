import { Option } from 'commander';

export interface OnOption {
  readonly on?: string;
}

/** Of commands that look at what a deployed pipeline has done. */
export function onOption(): Option {
  return new Option('--on <place>', 'aws: of the deployed pipeline, instead of runs here').choices(['aws']);
}
