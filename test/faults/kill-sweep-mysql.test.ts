import { sweepTests } from './sweep-scenarios.js';

sweepTests('into MySQL');
