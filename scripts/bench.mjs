// npm run bench: installs what is missing, builds, and measures. Arguments go to bench/main.mjs.
import { build } from './build.mjs';
import { install } from './install.mjs';

await install();
if ((await build()) !== 0) process.exit(1);
await import('../bench/main.mjs');
