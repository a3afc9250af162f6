import type { OptionRules } from '../option-rules.js';

/** The rules between the fields of options.ts. */
export const rules: OptionRules = {
  connection({ instance, cluster }, object) {
    if (instance === undefined && cluster === undefined) {
      const message = 'which database is missing: `instance` or `cluster`';
      object({
        code: 'missing_field',
        path: [],
        message,
        hint: 'instance: the identifier of the DB instance',
      });
    }
    if (instance === undefined || cluster === undefined) return;
    const message = '`instance` and `cluster` exclude each other';
    object({
      code: 'conflict',
      path: ['cluster'],
      message,
      hint: 'an instance of an Aurora cluster is exported with its cluster: leave `instance` out',
    });
  },
};
