/** What a TypeScript declaration imports: `import { copy, pipeline } from 'sluice'`. */
export type { CallAbout, CallFunction } from './declare/declaration.js';
export { call, copy, pipeline } from './declare/program/authoring.js';
export type {
  CallInput,
  CopyInput,
  FailureInput,
  ParallelInput,
  PipelineInput,
  StepInput,
  VerifyInput,
  WaitInput,
} from './declare/schema/document.js';
export type { StepValues } from './expression/values.js';
export type { RowValue } from './transform/row.js';
