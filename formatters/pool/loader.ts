/** Formatter modules of this process: each imported, checked and opened once. */
import type { Formatter } from '../../core/component.ts';
import { describeFormatter } from '../descriptor.ts';

type Log = (formatter: string, message: string, fields: object) => void;

/** Loads formatters by module address; one that fails to load is tried again with the next job. */
export class Loader {
  readonly #opened = new Map<string, Promise<Formatter>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws whatever the module throws, or `RegistrationError` */
  async load(module: string): Promise<Formatter> {
    const known = this.#opened.get(module);
    if (known !== undefined) return await known;
    const opening = this.#open(module);
    this.#opened.set(module, opening);
    try {
      return await opening;
    } catch (error) {
      this.#opened.delete(module);
      throw error;
    }
  }

  /** Lets every formatter close what it holds; a fault of one does not keep the others from it. */
  async close(): Promise<void> {
    const formatters = await Promise.allSettled(this.#opened.values());
    await Promise.allSettled(
      formatters.map(async (each) => (each.status === 'fulfilled' ? await each.value.close?.() : undefined)),
    );
  }

  async #open(module: string): Promise<Formatter> {
    const { default: exported } = (await import(module)) as { default?: unknown };
    const { name } = describeFormatter(exported);
    const formatter = exported as Formatter;
    await formatter.open?.({ log: (message, fields = {}) => this.#log(name, String(message), fields) });
    return formatter;
  }
}
