// npm start: installs what is missing, builds, and runs the demo. Arguments go to it: see src/local/demo.ts.
import { build } from './build.mjs';
import { install } from './install.mjs';

const started = Date.now();
await install();
if ((await build({ types: false })) !== 0) process.exit(1);
console.log(`Installed and built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
const { demo } = await import('../dist/local/demo.js');
try {
  process.exitCode = await demo(process.argv.slice(2));
} catch (error) {
  console.error(error.hint ? `${error.message}\n  ${error.hint}` : (error.stack ?? error));
  process.exitCode = 1;
}
