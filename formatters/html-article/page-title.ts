/** The title of a page without the name of its site. */

/** `Title | Site` is `Title`; without the site's name a short last part after a bar is taken for it. */
export function withoutSite(title: string | undefined, site: string | undefined): string | undefined {
  if (title === undefined) return undefined;
  const parts = /^(.{8,}?)\s+[|·•»–—-]\s+([^|·•»–—]{2,40})$/.exec(title);
  if (parts === null) return title;
  const isSite =
    site === undefined ? /\s[|·•»]\s/.test(title) : parts[2]!.toLowerCase().includes(site.trim().toLowerCase());
  return isSite ? parts[1]! : title;
}
