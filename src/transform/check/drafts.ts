import type { Ajv, Options } from 'ajv';

/** What makes validators that know a draft's keywords and formats, and take no others. */
export type MakeValidator = (options: Options) => Ajv;

type Load = () => Promise<MakeValidator>;

/**
 * By what `$schema` says. The packages cost start-up time, and few pipelines need them. They are in the old module format, of which
 * a bundle that is split has nothing but the default.
 */
const drafts: Readonly<Record<string, Load>> = {
  'http://json-schema.org/draft-04/schema': async () => {
    const { default: Draft04 } = (await import('ajv-draft-04')).default;
    return (options) => new Draft04(options) as Ajv;
  },
  'http://json-schema.org/draft-06/schema': async () => {
    const { Ajv: Draft07 } = (await import('ajv')).default;
    const { default: meta } = await import('ajv/dist/refs/json-schema-draft-06.json', {
      with: { type: 'json' },
    });
    return (options) => new Draft07(options).addMetaSchema(meta);
  },
  'http://json-schema.org/draft-07/schema': async () => {
    const { Ajv: Draft07 } = (await import('ajv')).default;
    return (options) => new Draft07(options);
  },
  'https://json-schema.org/draft/2019-09/schema': async () => {
    const { Ajv2019 } = (await import('ajv/dist/2019.js')).default;
    return (options) => new Ajv2019(options);
  },
  'https://json-schema.org/draft/2020-12/schema': async () => {
    const { Ajv2020 } = (await import('ajv/dist/2020.js')).default;
    return (options) => new Ajv2020(options);
  },
};

export const draftNames: readonly string[] = Object.keys(drafts);

const NEWEST = 'https://json-schema.org/draft/2020-12/schema';

/** For the draft that a schema names in `$schema`, or the newest; undefined if there is no draft of this name. */
export async function validatorsFor(draft: unknown = NEWEST): Promise<MakeValidator | undefined> {
  if (typeof draft !== 'string') return undefined;
  const name = draft.replace(/#$/, '').replace(/^https(?=:\/\/json-schema\.org\/draft-0)/, 'http');
  const load = Object.hasOwn(drafts, name) ? drafts[name] : undefined;
  if (!load) return undefined;
  const [make, formats] = await Promise.all([load(), import('ajv-formats')]);
  return (options) => formats.default.default(make(options), { keywords: false });
}
