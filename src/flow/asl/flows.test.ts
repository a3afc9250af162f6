import { describe, expect, test } from 'vitest';
import { Recorder, traceOf } from '../../../test/fixtures/flow-trace.js';
import { type Flow, flows } from '../../../test/fixtures/flows.js';
import { execute, faultsOf } from '../../../test/fixtures/interpreter.js';
import { functionsOf } from '../../../test/fixtures/own-functions.js';
import type { Declaration } from '../../declare/declaration.js';
import { parseDeclaration } from '../../declare/load.js';
import { stateMachineOf } from './machine.js';

async function declarationOf({ steps }: Pick<Flow, 'steps'>): Promise<Declaration> {
  const text = JSON.stringify({ pipeline: 'p', connections: {}, steps });
  return await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
}

describe.each(flows)('$name', (flow) => {
  test('runs as a state machine in the same order, to the same end', async () => {
    const declaration = await declarationOf(flow);
    const recorder = new Recorder(flow.functions);
    const machine = stateMachineOf(declaration);
    expect(faultsOf(machine)).toBe('');
    const { status, output } = await execute(machine, functionsOf(recorder));
    expect(traceOf(recorder.events, declaration.steps)).toBe(flow.effects);
    expect(status).toBe(flow.status);
    const results = (output as { steps: Record<string, { outcome: string }> } | undefined)?.steps ?? {};
    expect(outcomesOf(results)).toMatchObject(flow.outcomes);
  });
});

function outcomesOf(results: Record<string, { outcome: string }>): Record<string, string> {
  return Object.fromEntries(Object.entries(results).map(([name, { outcome }]) => [name, outcome]));
}
