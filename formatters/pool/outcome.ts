/** What a formatter process answers, checked: third-party code could have written it. */
import type { PlainRecord } from '../../core/component.ts';
import type { FormatOutcome, Note, StepReport } from '../../core/executor.ts';
import { readMediaType } from '../../core/media-type.ts';
import type { Plan } from '../../core/plan.ts';
import { isPlainData } from '../descriptor.ts';
import type { Frame } from './frame.ts';

const CHARSET = /^[A-Za-z0-9:_.+-]{1,40}$/;
const MAX_NOTES = 64;

/**
 * Reads the outcome of a job.
 *
 * @throws TypeError when it is none, or not of the planned type
 */
export function parseOutcome({ header, body }: Frame, plan: Plan): FormatOutcome {
  const { outcome } = header;
  if (typeof outcome !== 'object' || outcome === null) throw new TypeError('the process gave no outcome');
  const { mediaType, charset, notes, steps } = outcome as Readonly<Record<string, unknown>>;
  const planned = plan.steps.at(-1)?.to;
  if (typeof mediaType !== 'string' || readMediaType(mediaType)?.essence !== planned)
    throw new TypeError(`the outcome is not of type ${planned}`);
  if (charset !== undefined && (typeof charset !== 'string' || !CHARSET.test(charset)))
    throw new TypeError('the charset of the outcome is no charset label');
  const formatters = new Set(plan.steps.map((step) => step.formatter));
  return {
    mediaType: planned!,
    charset: charset as string | undefined,
    body,
    notes: listOf(notes)
      .slice(0, MAX_NOTES)
      .flatMap((each) => readNote(each, formatters)),
    steps: plan.steps.map((step, index) => readReport(listOf(steps)[index], step.formatter)),
  };
}

function readNote(value: unknown, formatters: ReadonlySet<string>): Note[] {
  const { formatter, event, fields } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof formatter !== 'string' || !formatters.has(formatter) || typeof event !== 'string') return [];
  const isRecord = typeof fields === 'object' && fields !== null && !Array.isArray(fields) && isPlainData(fields);
  return [{ formatter, event: event.slice(0, 64), fields: isRecord ? (fields as PlainRecord) : {} }];
}

function readReport(value: unknown, formatter: string): StepReport {
  const { ms, bytesIn, bytesOut } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { formatter, ms: amount(ms), bytesIn: amount(bytesIn), bytesOut: amount(bytesOut) };
}

function amount(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER ? value : 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
