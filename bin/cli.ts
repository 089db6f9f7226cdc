/** The entry: what is compiled is kept, so that the next start need not do it again; then the command line. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// A folder that cannot be written is no fault: the start is only slower.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
// Bodies are external memory: counted in the global limit they do not make V8 collect at every picture (25 to 10 ms of
// a picture miss in this process, measured by bench/picture-miss).
setFlagsFromString('--external-memory-accounted-in-global-limit');
await import('./command-line.ts');
