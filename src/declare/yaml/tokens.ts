import { Composer, CST, type Document, Lexer, Parser } from 'yaml';
import type { DocumentPath } from '../document-path.js';
import { MAX_ALIASES, MAX_DEPTH } from '../limits.js';
import type { Mistake } from '../report.js';

/** Says what is wrong with the text at an offset. */
export type SayAt = (offset: number, mistake: Mistake, path?: DocumentPath) => void;

/** The parser keeps the document, the scalar at hand and some tokens beside one entry for each level. */
const MAX_STACK = MAX_DEPTH + 8;

/**
 * The first document of a text, or undefined if a limit was passed. What declarations do without (tags,
 * directives, more documents, too much nesting) is found among the tokens, before anything recursive sees them.
 */
export function compose(text: string, say: SayAt): Document.Parsed | undefined {
  const tokens = readTokens(text, say);
  if (!tokens) return undefined;
  const options = {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    intAsBigInt: true,
  } as const;
  const [first, second] = new Composer(options).compose(tokens, true, text.length);
  if (second) {
    say(second.range[0], secondDocument, []);
  }
  return first;
}

function readTokens(text: string, say: SayAt): CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let aliases = 0;
  let insideScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    const { offset } = parser;
    const type = insideScalar ? 'scalar' : CST.tokenType(lexeme);
    insideScalar = lexeme === CST.SCALAR;
    tokens.push(...parser.next(lexeme));
    if (type === 'alias') aliases++;
    const excess = excessOf(parser.stack.length, aliases);
    if (excess !== undefined) {
      say(offset, { code: 'too_large', message: excess });
      return undefined;
    }
    if (type === 'tag' || type === 'directive-line') say(offset, refusedTokens[type]);
  }
  tokens.push(...parser.end());
  return tokens;
}

function excessOf(depth: number, aliases: number): string | undefined {
  if (depth > MAX_STACK) return `nested deeper than ${MAX_DEPTH} levels`;
  return aliases > MAX_ALIASES ? `more than ${MAX_ALIASES} aliases` : undefined;
}

const secondDocument: Mistake = {
  code: 'yaml_feature',
  message: 'a second document in one file',
  hint: 'one file holds one pipeline: take the --- away or make two files',
};

const refusedTokens = {
  tag: {
    code: 'yaml_feature',
    message: 'tags are not allowed',
    hint: 'write the value without it; quote it to make it text',
  },
  'directive-line': {
    code: 'yaml_feature',
    message: 'directives are not allowed',
    hint: 'take the line that begins with % away; the file is read as YAML 1.2',
  },
} as const satisfies Record<string, Mistake>;
