/** What a TypeScript declaration imports: `import { copy, pipeline, replicate } from 'sluice'`. */
export type { CallAbout, CallFunction } from './declare/declaration.js';
export { call, copy, pipeline, replicate } from './declare/program/authoring.js';
export type {
  CallInput,
  CopyInput,
  FailureInput,
  ParallelInput,
  PipelineInput,
  ReplicateInput,
  StepInput,
  VerifyInput,
  WaitInput,
} from './declare/schema/document.js';
export type { StepValues } from './expression/values.js';
export type { RowValue } from './transform/row.js';
