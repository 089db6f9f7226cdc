/** Any JSON. By its name it stands in the description of the API once, however many answers hold it. */
import { z } from 'zod';
import type { PlainData } from '../../core/component.ts';

export const jsonValue: z.ZodType<PlainData> = z
  .lazy(() =>
    z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(jsonValue), z.record(z.string(), jsonValue)]),
  )
  .meta({ id: 'Json' });
