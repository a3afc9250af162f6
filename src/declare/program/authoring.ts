/**
 * What a TypeScript declaration imports from `sluice` at run time. All functions give back what they were
 * given; they are there for the types, and to remember the line of their call.
 */
import type { RowValue } from '../../transform/row.js';
import type { CallInput, CopyInput, ExportInput, PipelineInput, ReplicateInput } from '../schema/document.js';

/** Under this symbol an object remembers the stack of the call that made it. Shared by bundles: global. */
export const callSite: unique symbol = Symbol.for('sluice.call-site') as never;

/** `export default pipeline({ pipeline, connections, steps })`. Checked when it is loaded, not here. */
export function pipeline(declaration: PipelineInput): PipelineInput {
  return remembering(declaration, pipeline);
}

/** A step that moves what a source holds into a sink; `row` may change each row on its way. */
export function copy<Row = Record<string, RowValue>>(step: CopyInput<Row>): CopyInput {
  return remembering(step as CopyInput, copy);
}

/** A step that follows the changes of a table; `row` may change each row on its way. */
export function replicate<Row = Record<string, RowValue>>(step: ReplicateInput<Row>): ReplicateInput {
  return remembering(step as ReplicateInput, replicate);
}

/** A step that exports a snapshot of a database. (`export` is a word of the language.) */
export function exportSnapshot(step: ExportInput): ExportInput {
  return remembering(step, exportSnapshot);
}

/** A step that runs a command or a function, or calls a Lambda function. */
export function call(step: CallInput): CallInput {
  return remembering(step, call);
}

function remembering<T extends object>(value: T, caller: (value: never) => unknown): T {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, caller);
  if (Object.isExtensible(value)) {
    Object.defineProperty(value, callSite, { value: holder.stack, enumerable: false, configurable: true });
  }
  return value;
}
