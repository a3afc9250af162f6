import type { OptionRules } from '../option-rules.js';

/** No field of options.ts needs or excludes another. */
export const rules: OptionRules = { connection: () => undefined };
