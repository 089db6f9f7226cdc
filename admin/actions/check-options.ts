/** Options of formatters in a profile, held against what each formatter says of its own. */
import { z } from 'zod';
import type { PlainRecord } from '../../core/component.ts';
import { GatewayError } from '../../core/errors.ts';
import type { FormatterDescriptor } from '../../formatters/descriptor.ts';
import type { FormatterRegistry } from '../../formatters/registry.ts';
import { describeIssue, type Profile } from '../../profiles/profile.ts';

/**
 * Refuses options that a formatter could only fail on, once for each page it is asked for. Options of formatters that are
 * not here may be of a plugin to come.
 *
 * @throws GatewayError BAD_INPUT naming each fault by its path.
 */
export function checkFormatterOptions({ prefers, sites = {} }: Profile, registry: FormatterRegistry): void {
  const layers = [
    { path: ['prefers'], formatters: prefers?.formatters },
    ...Object.entries(sites).map(([host, { formatters }]) => ({ path: ['sites', host], formatters })),
  ];
  const faults = layers.flatMap(({ path, formatters = {} }) =>
    Object.entries(formatters).flatMap(([name, options]) => {
      const schema = typeof options === 'boolean' ? undefined : schemaOf(registry.get(name));
      const { error } = schema?.safeParse(options, { reportInput: true }) ?? {};
      return (error?.issues ?? []).map((issue) =>
        describeIssue({ ...issue, path: [...path, 'formatters', name, ...issue.path] }),
      );
    }),
  );
  if (faults.length > 0) throw new GatewayError('BAD_INPUT', { why: faults.slice(0, 60).join('; ') });
}

function schemaOf(formatter: FormatterDescriptor | undefined): z.ZodType | undefined {
  if (formatter?.optionsSchema === undefined) return undefined;
  try {
    return z.fromJSONSchema(withoutPatterns(formatter.optionsSchema));
  } catch {
    // A schema that cannot be read here binds nobody: the formatter checks its options itself.
    return undefined;
  }
}

// A plugin's regular expression may take for ever; it is run in the plugin's own process alone.
function withoutPatterns(schema: PlainRecord): PlainRecord {
  const isPattern = (key: string, value: unknown) =>
    (key === 'pattern' && typeof value === 'string') || key === 'patternProperties';
  return JSON.parse(JSON.stringify(schema, (key, value) => (isPattern(key, value) ? undefined : value)));
}
