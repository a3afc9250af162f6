import { Document, isMap, type Node, Pair, Scalar, type YAMLMap, YAMLSeq } from 'yaml';
import { printExpression } from '../../../expression/print.js';
import type { Import, ImportedStep, Loss } from './imported-step.js';
import { quoted } from './machine-file.js';

const LINE_LENGTH = 110;

/** The declaration as YAML: each step with the state that it came from, and at the top what was not carried over. */
export function declarationText({ steps, losses }: Import, pipeline: string, source: string): string {
  const document = new Document({ pipeline, connections: {} });
  const list = new YAMLSeq();
  for (const step of steps) list.add(stepNode(document, step));
  document.add(new Pair('steps', list));
  document.commentBefore = [
    ` Imported from ${printable(source)} by sluice import asl.`,
    ...lossLines(losses),
  ].join('\n');
  return document.toString({ lineWidth: LINE_LENGTH, flowCollectionPadding: true });
}

function lossLines(losses: readonly Loss[]): readonly string[] {
  return losses.length === 0
    ? []
    : ['', ' not carried over:', ...losses.map((loss) => `   - ${lossText(loss)}`)];
}

/** `state "Get": its Retry: …`, without control characters. */
export function lossText({ state, what, why }: Loss): string {
  const place = state === undefined ? '' : `state ${quoted(state)}: `;
  return printable(`${place}${what}: ${why}`);
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cs}/gu, '?');
}

function stepNode(document: Document, step: ImportedStep): Node {
  const { branches, onFailure, when, fields, state, notes } = step;
  const node = document.createNode({}) as YAMLMap;
  const kinds = new Set(['call', 'wait']);
  for (const [name, value] of Object.entries(fields)) {
    if (kinds.has(name)) node.add(new Pair(name, value));
  }
  if (branches) node.add(new Pair('parallel', branchNodes(document, branches)));
  if (when) node.add(new Pair('when', quotedNode(printExpression(when))));
  for (const [name, value] of Object.entries(fields)) {
    if (!kinds.has(name)) node.add(new Pair(name, valueNode(document, value)));
  }
  if (onFailure) node.add(new Pair('onFailure', failureNode(document, onFailure)));
  const lines = [...(state === undefined ? [] : [`from state ${quoted(state)}`]), ...notes];
  if (lines.length > 0) node.commentBefore = lines.map((line) => ` ${printable(line)}`).join('\n');
  return node;
}

/** Small objects stand in one line. */
function valueNode(document: Document, value: unknown): Node {
  const node = document.createNode(value) as Node;
  if (isMap(node) && JSON.stringify(value).length < LINE_LENGTH / 2) node.flow = true;
  return node;
}

function quotedNode(text: string): Scalar {
  const node = new Scalar(text);
  node.type = Scalar.QUOTE_DOUBLE;
  return node;
}

function branchNodes(document: Document, branches: readonly (readonly ImportedStep[])[]): YAMLSeq {
  const list = new YAMLSeq();
  for (const branch of branches) {
    const [only] = branch;
    list.add(branch.length === 1 && only ? stepNode(document, only) : seriesNode(document, branch));
  }
  return list;
}

function seriesNode(document: Document, steps: readonly ImportedStep[]): YAMLSeq {
  const list = new YAMLSeq();
  for (const step of steps) list.add(stepNode(document, step));
  return list;
}

function failureNode(document: Document, { steps, goesOn }: NonNullable<ImportedStep['onFailure']>): Node {
  const list = seriesNode(document, steps);
  if (!goesOn) return list;
  const node = document.createNode({}) as YAMLMap;
  node.add(new Pair('steps', list));
  node.add(new Pair('then', 'continue'));
  return node;
}
