/** What a TypeScript declaration imports: `import { copy, pipeline } from 'sluice'`. */
export { copy, pipeline } from './declare/program/authoring.js';
export type { CopyInput, ParallelInput, PipelineInput, StepInput } from './declare/schema/document.js';
export type { RowValue } from './transform/row.js';
