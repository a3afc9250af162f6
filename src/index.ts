/** What a TypeScript declaration imports: `import { copy, exportSnapshot, pipeline, replicate } from 'sluice'`. */
export type { CallAbout, CallFunction } from './declare/declaration.js';
export { call, copy, exportSnapshot, pipeline, replicate } from './declare/program/authoring.js';
export type {
  CallInput,
  CopyInput,
  ExportInput,
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
