/** The entry: what is compiled is kept, so that the next start need not do it again; then the command line. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// A folder that cannot be written is no fault: the start is only slower.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
await import('./command-line.ts');
