import test from 'ava';
import { pictureMiss } from '../bench/picture-miss.ts';
import { treeProcessorMs } from '../bench/processor-time.ts';
import { runScenario } from '../bench/run.ts';

// Never fails by time: how fast is for quiet machines to say, that it runs at all is for this one.
test('the benchmark of a picture miss runs, and both sides give the same bytes', async (t) => {
  const { scenario, about, medians, rounds, ratio } = await runScenario(pictureMiss, { short: true });
  t.is(scenario, 'picture-miss');
  t.is(about['directBytes'], about['gatewayBytes'], 'the same settings');
  t.regex(String(about['picture']), /^4000×3000, /);
  t.deepEqual(
    medians.map(({ subject }) => subject),
    ['sharp alone', 'gateway'],
  );
  t.is(rounds.length, 1);
  t.true(ratio > 0);
  for (const { processorMs, wallMs } of medians) t.true(processorMs > 0 && wallMs > 0);
});

test('processor time of the tree grows with work done in it', (t) => {
  const before = treeProcessorMs();
  let sum = 0;
  for (let at = 0; at < 30_000_000; at++) sum += at % 7;
  t.true(treeProcessorMs() - before > 5, `${sum}`);
  t.true(treeProcessorMs([process.pid]) > 0, 'this process itself always counts');
});
