// What a page of today brings along: a slide show, a banner, a counter. The page must do without when it is simplified.
(() => {
  const slides = [...document.querySelectorAll('[data-slide]')];
  let shown = 0;
  const show = (index) => {
    for (const [place, slide] of slides.entries()) slide.hidden = place !== index;
    shown = index;
  };
  if (slides.length > 1) {
    show(0);
    setInterval(() => show((shown + 1) % slides.length), 6000);
  }
  const notice = document.querySelector('.notice');
  notice?.querySelector('button')?.addEventListener('click', () => {
    notice.remove();
    localStorage.setItem('notice', 'read');
  });
  if (localStorage.getItem('notice') === 'read') notice?.remove();
  for (const picture of document.querySelectorAll('img[data-src]')) {
    const watcher = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      picture.src = picture.dataset.src;
      watcher.disconnect();
    });
    watcher.observe(picture);
  }
  const clock = document.querySelector('#tide-clock');
  if (clock) clock.textContent = new Date().toLocaleTimeString();
})();
