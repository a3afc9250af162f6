import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeholderMistakes, withVariables } from './placeholders.js';

const start = 'CAST(@sluice_firing_start AS DATETIME(6))';

describe('a placeholder in SQL', () => {
  test.each([
    ['t >= {{ firing.start }}', `t >= ${start}`],
    ['t>={{firing.start}}AND 1', `t>=${start}AND 1`],
    ["a = 'it''s' AND t < {{ firing.start }}", `a = 'it''s' AND t < ${start}`],
    [String.raw`a = 'x\'' AND t < {{ firing.start }}`, String.raw`a = 'x\'' AND t < ${start}`],
    ['`a``b` = "q\\"" AND t < {{\nfiring.start\n}}', `\`a\`\`b\` = "q\\"" AND t < ${start}`],
    ["a -- what it's for\n< {{ firing.start }}", `a -- what it's for\n< ${start}`],
    ['a --{{ firing.start }}', `a --${start}`],
    ["/* it's */ {{ firing.start }} # it's", `/* it's */ ${start} # it's`],
  ])('in %j is a constant expression of a variable', (sql, expected) => {
    expect(placeholderMistakes('where', sql)).toEqual([]);
    expect(withVariables(sql)).toEqual({ sql: expected, names: ['start'] });
  });

  test.each([
    ["t > '{{ firing.start }}'", 'in quotes'],
    ['t > "{{firing.start}}"', 'in quotes'],
    ['`{{ firing.start }}` > 1', 'in quotes'],
    ["t > '\\'{{ firing.start }}'", 'in quotes'],
    ["t > 'open {{ firing.start }}", 'in quotes'],
    ['1 /* {{ firing.start }} */', 'in a comment'],
    ['1 /*! AND t > {{ firing.start }} */', 'in a comment'],
    ['1 -- {{ firing.start }}', 'in a comment'],
    ['1 # {{ firing.start }}', 'in a comment'],
    ['1 /* open {{ firing.start }}', 'in a comment'],
    ['t > {{ firing.strat }}', 'no placeholder is named firing.strat'],
    ['t > {{ now }}', 'no placeholder is named now'],
    ["t > {{ firing.start'; DROP TABLE t }}", 'do not close'],
    ['t > {{ firing.start', 'do not close'],
    ['t > firing.start }}', 'do not close'],
    ['t > {{{ firing.start }}}', 'no placeholder'],
    ['t > {{}}', 'no placeholder'],
  ])('in %j is a mistake', (sql, message) => {
    expect(placeholderMistakes('where', sql)[0]?.message).toContain(message);
    expect(placeholderMistakes('where', sql)[0]?.path).toEqual(['where']);
  });

  test('that is none leaves braces in texts alone', () => {
    const sql = `note LIKE '%{{name}}%' AND doc = "{\\"a\\": {}}" AND {d '2026-01-01'} < t`;
    expect(placeholderMistakes('where', sql)).toEqual([]);
    expect(withVariables(sql)).toEqual({ sql, names: [] });
  });

  test('never adds anything to the SQL but our own expression', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '\\',
      '{{',
      '}}',
      'firing.end',
      ' ',
      '-- ',
      '\n',
      '#',
      '/*',
      '*/',
      'a',
      '{{ firing.end }}',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { sql } = withVariables(pieces.join(''));
        const ours = sql.replaceAll('CAST(@sluice_firing_end AS DATETIME(6))', '');
        expect(pieces.join('').replaceAll(/\{\{\s*firing\.end\s*\}\}/g, '')).toBe(
          ours.replaceAll(/\{\{\s*firing\.end\s*\}\}/g, ''),
        );
      }),
    );
  });
});
