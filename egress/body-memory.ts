/**
 * Memory of bodies that pass through. Each piece that is read upstream is a buffer of its own outside the JavaScript heap,
 * and the engine looks for such buffers only after 64 MB of them: a large download would cost that much although next to
 * nothing of it is in use. So it is made to look earlier.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After so many bytes; a look at what is young takes a millisecond or two. */
const LOOK_BYTES = 8_388_608;

type Collect = (options: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;
let passed = 0;

/** Counts a piece of a body that was read. */
export function countPassed(bytes: number): void {
  passed += bytes;
  if (passed < LOOK_BYTES) return;
  passed = 0;
  collect ??= openCollect();
  collect({ type: 'minor' });
}

// The one way to the collector of a process that was started without a flag for it; only new contexts see it.
function openCollect(): Collect {
  setFlagsFromString('--expose-gc');
  const found = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return found;
}
