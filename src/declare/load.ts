import type { Declaration } from './declaration.js';

export interface LoadOptions {
  /** Only to warn of variables that the declaration names and that are not set; nothing is resolved. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The signature; the body follows. */
export type LoadDeclaration = (file: string, options: LoadOptions) => Promise<Declaration>;
