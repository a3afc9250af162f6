import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type HttpServer, httpServer } from '../fixtures/http-server.js';

let made: Project;
afterEach(() => made.remove());

async function declare(...steps: object[]): Promise<void> {
  made = await project({ pipeline: 'p', connections: {}, steps });
}

const echo = { call: 'echo', run: ['cat'] };

function errorOf({ events }: CliRun): unknown {
  return events.find(({ event }) => event === 'error');
}

function outputOf({ events }: CliRun, step: string): unknown {
  return events.find((each) => each['event'] === 'ended' && each['step'] === step)?.['output'];
}

/** All text below the state folder. */
async function state(): Promise<string> {
  const files = await readdir(made.folder, { recursive: true, withFileTypes: true });
  const kept = files.filter((file) => file.isFile() && file.parentPath.includes('.sluice'));
  return (await Promise.all(kept.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))).join(
    '\n',
  );
}

describe('a command', () => {
  it('runs without a shell in the folder of the declaration, and gives its object on', async () => {
    await declare(
      { call: 'first', run: ['./first.sh', '$HOME', 'a b'], input: { n: 5 } },
      { ...echo, input: "{{ steps['first'].output }}", when: "steps.first.output.args[0] == '$HOME'" },
    );
    const script = `#!/bin/sh\ncat > input.json\nprintf '{"args": ["%s", "%s"], "env": "%s"}' "$1" "$2" "$OF_THE_USER"`;
    await writeFile(join(made.folder, 'first.sh'), script, { mode: 0o755 });
    const run = await sluice(['run', made.file, '--json'], { env: { OF_THE_USER: 'x' } });
    expect(run.status).toBe(0);
    expect(outputOf(run, 'echo')).toEqual({ args: ['$HOME', 'a b'], env: 'x' });
    expect(await readFile(join(made.folder, 'input.json'), 'utf8')).toBe('{"n":5}');
  });

  it('may say other things: on the terminal, and not in the journal', async () => {
    const run = ['sh', '-c', 'echo plain secret1; echo loud secret2 >&2; echo more >&2'];
    await declare({ call: 'talk', run }, { ...echo, input: { of: '{{ steps.talk.output }}' } });
    const ended = await made.command('run');
    expect(ended.status).toBe(0);
    expect(ended.stderr).toBe('talk: loud secret2\ntalk: more\n');
    expect(outputOf(ended, 'talk')).toBeUndefined();
    expect(outputOf(ended, 'echo')).toEqual({ of: null });
    expect(await state()).not.toContain('secret');
  });

  it.each([
    [['sh', '-c', 'echo secret >&2; exit 7'], 'c: sh ended with status 7'],
    [['sh', '-c', 'kill -9 $$'], 'c: sh was ended by SIGKILL'],
    [['./none'], 'c: none cannot be started (ENOENT)'],
  ])('that fails says how: %s', async (run, message) => {
    await declare({ call: 'c', run });
    const ended = await made.command('run');
    expect([ended.status, errorOf(ended)]).toMatchObject([4, { code: 'call_failed', message }]);
    expect(await state()).not.toContain('secret');
  });

  it('that gives too much fails', async () => {
    await declare({
      call: 'c',
      run: ['node', '-e', 'console.log(JSON.stringify({ a: "x".repeat(300000) }))'],
    });
    expect(errorOf(await made.command('run'))).toMatchObject({
      code: 'call_failed',
      message: 'c: the output is larger than 256 KiB',
    });
  });

  it('that takes too long ends with all that it started', async () => {
    await declare({ call: 'c', run: ['sh', '-c', 'sleep 600 & echo $! > child; wait'], timeout: 5 });
    const ended = await made.command('run');
    expect([ended.status, errorOf(ended)]).toMatchObject([4, { code: 'timeout' }]);
    const child = Number(await readFile(join(made.folder, 'child'), 'utf8'));
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is told of %s, and called again by the next run',
    async (signal) => {
      const script = `echo called >> log; test -e go && exit 0
      trap 'echo INT >> log; exit 1' INT; trap 'echo TERM >> log; exit 1' TERM
      echo ready >&2; while :; do sleep 0.05; done`;
      await declare({ call: 'c', run: ['sh', '-c', script] }, echo);
      const ended = await sluice(['run', made.file, '--json'], {
        started: (child) => {
          child.stderr?.on('data', (text: string) => {
            if (text.includes('ready')) child.kill(signal);
          });
        },
      });
      expect(ended.status).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(ended.events.at(-1)).toMatchObject({
        outcome: 'interrupted',
        steps: [{ outcome: 'interrupted' }],
      });
      await writeFile(join(made.folder, 'go'), '');
      expect((await made.command('run')).status).toBe(0);
      const log = await readFile(join(made.folder, 'log'), 'utf8');
      expect(log.split('\n')).toEqual(['called', signal.slice(3), 'called', '']);
    },
  );
});

/** A process that has ended may wait for whoever adopted it to notice. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

describe('a function of a TypeScript declaration', () => {
  const text = (body: string) => `import { call, pipeline } from 'sluice';
export default pipeline({ pipeline: 'p', connections: {}, steps: [
  { wait: 'w', for: 0.01 },
  call({ call: 'f', run: ${body}, input: { x: 1 }, timeout: 1 }),
  call({ call: 'echo', run: ['cat'], input: '{{ steps.f.output }}' }),
] });
`;

  it('gets the input, the firing and what the steps before have done', async () => {
    const body = `async (input, { firing, steps, signal }) =>
      ({ input, year: firing.time.slice(0, 2), w: steps.w?.outcome, aborted: signal.aborted, gone: undefined })`;
    made = await project(text(body), 'p.ts');
    const run = await made.command('run');
    expect(run.status).toBe(0);
    expect(outputOf(run, 'echo')).toEqual({ input: { x: 1 }, year: '20', w: 'complete', aborted: false });
  });

  it.each([
    ['() => { throw new RangeError("secret"); }', 'call_failed', 'f: the function threw RangeError', 4],
    ['() => 5', 'call_failed', 'f: the function returned something other than a JSON object', 4],
    ['() => ({ n: 5n })', 'call_failed', 'f: the function returned something other than a JSON object', 4],
    [
      '() => new Promise(() => setInterval(() => 0, 1000).unref())',
      'timeout',
      'f: the call did not end within 1 seconds',
      4,
    ],
  ])('that fails says how: %s', async (body, code, message, status) => {
    made = await project(text(body), 'p.ts');
    const run = await made.command('run');
    expect([run.status, errorOf(run)]).toMatchObject([status, { code, message }]);
    expect(await state()).not.toContain('secret');
  });
});

describe('a Lambda function', () => {
  const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:notify';
  let server: HttpServer;
  const requests: { readonly request: IncomingMessage; readonly body: string }[] = [];

  /** A place that answers as Lambda does. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
  async function lambda(
    ...answers: { status?: number; headers?: Record<string, string>; body: string }[]
  ): Promise<string> {
    requests.length = 0;
    server = await httpServer((request, response, sent) => {
      requests.push({ request, body: sent.toString() });
      const { status = 200, headers = {}, body } = answers.shift() ?? { status: 500, body: '{}' };
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
    return server.endpoint;
  }
  afterEach(() => server.stop());

  it('is invoked by a signed request with the input, and gives its object on', async () => {
    const endpoint = await lambda({ body: '{"sent": 3}' });
    await declare(
      { call: 'notify', function: arn, endpoint, input: { a: 1 } },
      { ...echo, input: '{{ steps.notify.output }}' },
    );
    const run = await made.command('run');
    expect([run.status, outputOf(run, 'echo')]).toEqual([0, { sent: 3 }]);
    const [{ request, body } = { request: undefined, body: '' }] = requests;
    expect(decodeURIComponent(request?.url ?? '')).toBe(`/2015-03-31/functions/${arn}/invocations`);
    expect(request?.headers).toMatchObject({
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=test\/\d{8}\/eu-west-1\/lambda\/aws4_request, .*Signature=[0-9a-f]{64}$/,
      ),
      'x-amz-invocation-type': 'RequestResponse',
    });
    expect(body).toBe('{"a":1}');
  });

  it('is found where AWS_ENDPOINT_URL_LAMBDA says, and left alone where there is a command', async () => {
    const endpoint = await lambda({ body: '"text"' });
    await declare({ call: 'a', function: arn }, { call: 'b', function: arn, run: ['true'] });
    const run = await sluice(['run', made.file, '--json'], { env: { AWS_ENDPOINT_URL_LAMBDA: endpoint } });
    expect([run.status, requests.length, requests[0]?.body]).toEqual([0, 1, '{}']);
  });

  it('that fails is called again if its code is among those named', async () => {
    const failed = { body: '{"errorMessage":"secret"}', headers: { 'x-amz-function-error': 'Unhandled' } };
    const endpoint = await lambda(failed, { body: '{}' });
    await declare({
      call: 'notify',
      function: arn,
      endpoint,
      retry: { attempts: 2, backoff: 1, on: ['call_failed'] },
    });
    const run = await made.command('run');
    expect([run.status, requests.length]).toEqual([0, 2]);
    expect(run.stderr).toContain('notify: {"errorMessage":"secret"}');
    expect(await state()).not.toContain('secret');
  });

  it.each([
    [403, 'AccessDeniedException', 'access_denied'],
    [404, 'ResourceNotFoundException', 'call_failed'],
    [413, 'RequestTooLargeException', 'call_failed'],
  ])('that is refused with %i says so', async (status, kind, code) => {
    const endpoint = await lambda({
      status,
      headers: { 'x-amzn-errortype': kind },
      body: '{"Message":"secret"}',
    });
    await declare({ call: 'notify', function: arn, endpoint });
    const run = await made.command('run');
    const message = `notify: Lambda refused the call (${kind}, ${status})`;
    expect([run.status, errorOf(run)]).toMatchObject([4, { code, message }]);
  });
});
