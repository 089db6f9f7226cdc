/** The second record of a request: what it asks for. */
import type { SetRoute } from '../core/fleet.ts';
import type { LinkMap } from '../core/links/address-map.ts';
import type { DataPresentation, Presentation } from '../core/presentation.ts';
import type { Mode } from './config.ts';
import type { PictureRequest } from './modes/image-link.ts';
import type { Site } from './sites.ts';

/** An upstream resource. */
export interface Target {
  readonly kind: 'resource';
  readonly mode: Mode;
  /** The upstream URL. */
  readonly url: URL;
  /** What may be fetched although private, for this target: a site's upstream by being named, the demo site by being ours. */
  readonly grant: { readonly host: string; readonly port: number } | undefined;
  /** The reverse-mode site it belongs to. */
  readonly site: Site | undefined;
  /** Presentation named in the URL; beats everything else. */
  readonly presentation: Presentation | DataPresentation | undefined;
  /** The query of a URL that names a presentation of data: it is that presentation's, not the target's. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Which part of a page in parts is wanted, from 1 on (`/-/as/lite;part=2/TARGET`). Default: the first. */
  readonly part?: number | undefined;
  /** What a link of `/-/image` asks; such a target is nobody's page: no cookies, no credentials, no client record. */
  readonly picture?: PictureRequest | undefined;
  /** Name of the document of our own that this is, below `docs`; it is read, not fetched. Empty: the table of contents. */
  readonly document?: string | undefined;
  /** Name of the view of ours that this is, below `views`; it is read, not fetched. */
  readonly view?: string | undefined;
  /** Route of the fleet plan that it has: a function set is asked, nothing is fetched. */
  readonly set?: SetRoute | undefined;
  /** True when the explanation is wanted, not the resource. */
  readonly explain: boolean;
  /** How addresses in the reply are mapped. */
  readonly links: LinkMap;
  /** Origin under which the gateway's own pages answer for this target; `undefined` where they cannot. */
  readonly ownOrigin: string | undefined;
  /** In forward mode, the https address that was fetched in place of `url`. */
  readonly upgraded?: URL | undefined;
  /** Where the gateway's own pages are, `/-/` unless the site moved them. */
  readonly gatewayPath: string;
}

/** True where the target's origin has a client-visible origin of its own (SUBDOMAINS), so that its scripts reach no other (threat 24). */
export function isIsolated({ links }: Pick<Target, 'links'>): boolean {
  return links.mode === 'subdomain';
}

/** True where what an origin sends is shown on the one origin that all sites share. */
export function sharesOrigin(target: Pick<Target, 'mode' | 'links'>): boolean {
  return target.mode === 'prefix' && !isIsolated(target);
}

/** A page of the gateway itself. */
export interface OwnPage {
  readonly kind: 'page';
  /** Name below the gateway path, such as `go`; `home` and `robots` are the two outside it. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly site: Site | undefined;
  readonly gatewayPath: string;
}

/** The same thing at its proper address. */
export interface Redirect {
  readonly kind: 'redirect';
  readonly status: 303 | 307;
  readonly location: string;
  /** True where it leads onto a subdomain, which is to know the client too. */
  readonly enters?: boolean;
}

export type Route = Target | OwnPage | Redirect;
