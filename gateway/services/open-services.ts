/** Opens the services and updaters of a server. Their processes start when somebody asks. */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Values } from '../../core/config.ts';
import type { Log } from '../../core/log.ts';
import type { OtherComponent } from '../../formatters/plugins.ts';
import { ComponentHost } from './component-host.ts';
import type { serviceSettings } from './config.ts';
import { type DataSets, openDataSets } from './data-sets.ts';
import { DeclarationError, parseEvery, parseSize } from './declared.ts';
import { type ComponentSource, dataFolderOf, findComponents } from './find-components.ts';
import type { FetchForService } from './host-calls.ts';
import { type Entry, LocalServices, type Services } from './services.ts';

export interface ServicesOptions {
  readonly settings: Values<typeof serviceSettings> & {
    readonly dataDir: string;
    readonly maxFetches: number;
    readonly maxFetchedBytes: number;
  };
  /** `file:` URLs of the services and updaters that ship with us. */
  readonly builtIns: readonly URL[];
  /** Those from PLUGINS_DIR. */
  readonly plugins: readonly OtherComponent[];
  /** Folders of data sets besides the components' own, by component. */
  readonly dataFolders?: Readonly<Record<string, string>>;
  readonly fetch: FetchForService;
  /** Origin under which clients know this server. */
  readonly publicOrigin: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A component whose declaration is wrong is told in the log and left out. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { settings, builtIns, plugins, dataFolders = {}, fetch, publicOrigin, clock, log } = options;
  const sources = await findComponents(builtIns, plugins, log);
  const foldersOf = (source: ComponentSource) => [...dataFolderOf(source), dataFolders[source.name] ?? []].flat();
  const dataSets = await openDataSets({
    folder: join(settings.dataDir, 'sets', 'local'),
    shipped: new Map([...sources].map(([name, source]) => [name, foldersOf(source)])),
    maxBytes: settings.maxDataSetBytes,
    clock,
    log,
  });
  const entries = new Map<string, Entry>();
  for (const [name, source] of sources) {
    try {
      entries.set(name, openEntry(source, dataSets, options));
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error;
      log.error('component cannot be used', { path: source.root, code: 'bad-declaration', message: error.message });
    }
  }
  return new LocalServices({ entries, dataSets, fetch, publicOrigin, limits: settings, clock, log });
}

/** @throws DeclarationError */
export function openEntry(
  source: ComponentSource,
  dataSets: Pick<DataSets, 'folders'>,
  { settings, clock, log }: Pick<ServicesOptions, 'settings' | 'clock' | 'log'>,
): Entry {
  const { kind, name, version, module, root, thirdParty, plain } = source;
  const size = kind === 'service' ? parseSize(plain) : { concurrency: 1, processes: 1 };
  const host = new ComponentHost({
    kind,
    name,
    version,
    module,
    root,
    thirdParty,
    readable: dataSets.folders,
    ...size,
    memoryMb: settings.serviceMemoryMb,
    maxBodyBytes: Math.max(settings.maxServiceBytes, settings.maxDataSetBytes),
    maxQueued: settings.serviceQueue,
    clock,
    log,
  });
  return { source, host, everyMs: kind === 'updater' ? parseEvery(plain['every']) : undefined };
}
