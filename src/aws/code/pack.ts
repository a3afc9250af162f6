import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Declaration, Step } from '../../declare/declaration.js';
import { BIGINT, FILE } from './unpack.js';

/** A declaration as text, and the files that it names, under the names that it has for them then. */
export interface Packed {
  readonly text: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Makes `pipeline.json`: nothing in it says where it was made. References to the environment and to secrets stay references.
 * Tests of the pipeline stay at home.
 */
export async function packed(declaration: Declaration): Promise<Packed> {
  const names = new Map<string, string>();
  const nameOf = (path: string) => {
    const known = names.get(path) ?? `files/${names.size}-${basename(path)}`;
    names.set(path, known);
    return known;
  };
  const { file: _file, warnings: _warnings, ...said } = declaration;
  const text = JSON.stringify(
    { ...said, file: { [FILE]: 'pipeline.json' }, warnings: [] },
    (name, value: unknown) => {
      if (typeof value === 'bigint') return { [BIGINT]: String(value) };
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      if (name === 'keys' && 'file' in value && typeof value.file === 'string') {
        return { ...value, file: { [FILE]: nameOf(value.file) } };
      }
      return sorted('kind' in value && 'tests' in value ? { ...value, tests: undefined } : value);
    },
  );
  const files = new Map<string, Uint8Array>();
  for (const [path, name] of names) files.set(name, await readFile(path));
  return { text, files };
}

/** Two declarations that say the same are the same bytes. */
function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Of every RDS Proxy, whatever the port of the database behind it is: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html */
const PROXY_PORT = 3306;

/**
 * What is run on AWS: parts of a MySQL table are read by several functions, each in a snapshot of its own, since none outlives
 * the function that holds it. Where there is a proxy, it is what they connect to.
 */
export function deployedForm(declaration: Declaration): Declaration {
  const proxies = Object.entries(declaration.deploy?.proxy ?? {}).flatMap(([name, host]) => {
    const options = declaration.connections[name];
    return options ? [[name, { ...options, host, port: PROXY_PORT }] as const] : [];
  });
  return {
    ...declaration,
    connections: { ...declaration.connections, ...Object.fromEntries(proxies) },
    steps: declaration.steps.map((step) => deployedStep(step, declaration)),
  };
}

function deployedStep(step: Step, declaration: Declaration): Step {
  const inner = (steps: readonly Step[]) => steps.map((each) => deployedStep(each, declaration));
  const { onFailure } = step;
  const around = onFailure ? { onFailure: { ...onFailure, steps: inner(onFailure.steps) } } : {};
  if (step.kind === 'parallel') return { ...step, ...around, branches: step.branches.map(inner) };
  if (step.kind !== 'copy' || declaration.connections[step.from.connection]?.kind !== 'mysql') {
    return { ...step, ...around };
  }
  const consistency = step.from['consistency'] ?? 'part';
  return { ...step, ...around, from: { ...step.from, consistency } };
}
