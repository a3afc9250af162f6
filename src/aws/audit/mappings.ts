import { ofType } from './rule.js';
import type { Resource, Template } from './template.js';
import { listOf, namesIn, textOf } from './value.js';

/** What calls a function with the messages of a queue or the records of a stream. */
export interface Mapping {
  readonly resource: Resource;
  readonly kind: 'queue' | 'stream' | 'other';
  /** Where they are in the same template. */
  readonly source: Resource | undefined;
  readonly handler: Resource | undefined;
}

export function mappings(template: Template): readonly Mapping[] {
  return ofType(template, 'AWS::Lambda::EventSourceMapping').map((resource) => {
    const { EventSourceArn, FunctionName } = resource.properties;
    const text = textOf(EventSourceArn) ?? '';
    const source = referred(template, EventSourceArn);
    return { resource, kind: kindOf(text, source), source, handler: referred(template, FunctionName) };
  });
}

/** The function may say which of the records it could not do. */
export function partialResponses({ resource }: Mapping): boolean {
  return listOf(resource.properties['FunctionResponseTypes']).includes('ReportBatchItemFailures');
}

/** The first resource of the template that the value refers to. */
export function referred(template: Template, value: unknown): Resource | undefined {
  const names = namesIn(textOf(value) ?? '');
  return names.map((name) => template.resource(name)).find((resource) => resource !== undefined);
}

function kindOf(text: string, source: Resource | undefined): Mapping['kind'] {
  if (source?.type === 'AWS::SQS::Queue' || /^arn:[^:]*:sqs:/.test(text)) return 'queue';
  if (/StreamArn\}$/.test(text) || source?.type === 'AWS::Kinesis::Stream') return 'stream';
  return /^arn:[^:]*:(dynamodb|kinesis):/.test(text) ? 'stream' : 'other';
}
