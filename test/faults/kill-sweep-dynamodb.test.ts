import { sweepTests } from './sweep-scenarios.js';

sweepTests('with DynamoDB');
