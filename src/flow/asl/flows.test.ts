import { describe, expect, test } from 'vitest';
import { Recorder, traceOf } from '../../../test/fixtures/flow-trace.js';
import { type Flow, flows } from '../../../test/fixtures/flows.js';
import { execute, faultsOf } from '../../../test/fixtures/interpreter.js';
import { lambdaServer } from '../../../test/fixtures/lambda.js';
import { localRun } from '../../../test/fixtures/local-run.js';
import { firing, functionsOf } from '../../../test/fixtures/own-functions.js';
import type { Declaration } from '../../declare/declaration.js';
import { parseDeclaration } from '../../declare/load.js';
import { stateMachineOf } from './machine.js';

async function declarationOf({ steps }: Pick<Flow, 'steps'>): Promise<Declaration> {
  const text = JSON.stringify({ pipeline: 'p', connections: {}, steps });
  return await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
}

describe.each(flows)('$name', (flow) => {
  test('goes its way in the same order, to the same end: as a state machine', async () => {
    const declaration = await declarationOf(flow);
    const recorder = new Recorder(flow.functions);
    const machine = stateMachineOf(declaration);
    expect(faultsOf(machine)).toBe('');
    const { status, output, error } = await execute(machine, functionsOf(recorder));
    expect(traceOf(recorder.events, declaration.steps)).toBe(flow.effects);
    expect(status).toBe(flow.status);
    if (flow.error) expect(error).toBe(flow.error);
    const results = (output as { steps: Record<string, { outcome: string }> } | undefined)?.steps ?? {};
    expect(outcomesOf(results)).toMatchObject(flow.outcomes);
  });

  test('and on this machine', async () => {
    const declaration = withoutPauses(await declarationOf(flow));
    const recorder = new Recorder(flow.functions);
    const server = await lambdaServer((name, payload) => recorder.call(name, payload));
    const env = {
      AWS_ENDPOINT_URL_LAMBDA: server.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    try {
      const { status, outcomes, error } = await localRun(declaration, { firing, env });
      expect(traceOf(recorder.events, declaration.steps)).toBe(flow.effects);
      expect(status).toBe(flow.status);
      if (flow.error) expect(error).toMatchObject({ code: flow.error });
      expect(outcomes).toMatchObject(flow.outcomes);
    } finally {
      await server.stop();
    }
  });
});

/** Nothing is gained by waiting between attempts. */
function withoutPauses(declaration: Declaration): Declaration {
  return JSON.parse(
    JSON.stringify(declaration)
      .replaceAll('"backoff":1}', '"backoff":0}')
      .replaceAll('"backoff":1,', '"backoff":0,'),
  ) as Declaration;
}

function outcomesOf(results: Record<string, { outcome: string }>): Record<string, string> {
  return Object.fromEntries(Object.entries(results).map(([name, { outcome }]) => [name, outcome]));
}
