/** The home page: an address box, and who we think asks. */
import type { VaryRecorder } from '../../core/vary.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { html } from '../html.ts';
import { makePage } from './layout.ts';
import type { PageEntry } from './pages.ts';

export interface HomeParts {
  readonly profiles: Profiles;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
}

export function makeHomePage({ profiles, detect }: HomeParts): PageEntry {
  return {
    methods: ['GET'],
    handle(_received, _page, read: VaryRecorder) {
      const detection = detect((name) => read.get(name));
      const preset = profiles.get(detection.preset)?.profile;
      return makePage({
        title: 'Format gateway',
        body: html`<h1>Format gateway</h1>
<form action="/-/go" method="get">
<p><label for="url">Address of a page</label><br><input id="url" name="url" type="text" inputmode="url" autocapitalize="none" placeholder="example.org" required></p>
<p><label for="as">Show it</label> <select id="as" name="as"><option value="">as fits this device</option><option>lite</option><option>article</option><option>text</option><option>markdown</option><option>full</option><option>original</option></select>
<button>Open</button></p>
</form>
<p class="note">This looks like: <strong>${detection.class}</strong> (${detection.evidence.join('; ')}). Pages come as <strong>${preset?.title ?? detection.preset}</strong> prefers them. <a href="/-/settings">Change it</a></p>
<p>Any address also works behind this one: <code>/https://example.org/</code>; one form of it: <code>/-/as/markdown/https://example.org/</code>; why it looks as it does: <code>/-/explain/https://example.org/</code>.</p>`,
      });
    },
  };
}
