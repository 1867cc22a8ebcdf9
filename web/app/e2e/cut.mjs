/**
 * cutTexts, run in a page, names each piece of text of which a part cannot be seen nor scrolled to: it is wider or higher
 * than a box that hides what flows over, or lies beyond the right edge of the window. A cell of a spreadsheet may: it has its
 * whole text as its title, and when it is entered.
 */
export function cutTexts() {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  const hides = (overflow) => overflow === 'hidden' || overflow === 'clip';
  const scrolls = (overflow) => overflow === 'auto' || overflow === 'scroll';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    const own = node.parentElement;
    if (text === '' || !own.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || own.closest('.visually-hidden, [role="gridcell"], .skip, .maplibregl-map, script, style, noscript, option')) continue;
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    for (let a = own; ; a = a.parentElement) {
      if (!a || a === document.documentElement) {
        if (box.right > innerWidth + 1 || box.left < -1) found.push(`beyond the window: ${text.slice(0, 60)}`);
        break;
      }
      const style = getComputedStyle(a);
      const edge = a.getBoundingClientRect();
      if (hides(style.overflowX) && (box.right > edge.right + 1 || box.left < edge.left - 1)) {
        found.push(`cut at the side by ${a.tagName.toLowerCase()}.${a.className}: ${text.slice(0, 60)}`);
        break;
      }
      // What scrolls one way is clipped the other way by no choice of its own.
      if (hides(style.overflowY) && !scrolls(style.overflowX) && (box.bottom > edge.bottom + 2 || box.top < edge.top - 2)) {
        found.push(`cut below by ${a.tagName.toLowerCase()}.${a.className}: ${text.slice(0, 60)}`);
        break;
      }
      if (scrolls(style.overflowX) || scrolls(style.overflowY)) {
        if (box.right > edge.right + 1 && !scrolls(style.overflowX)) found.push(`beside ${a.className}: ${text.slice(0, 60)}`);
        break;
      }
      if (style.position === 'fixed') {
        if (box.right > innerWidth + 1 || box.left < -1) found.push(`beyond the window: ${text.slice(0, 60)}`);
        break;
      }
    }
  }
  return [...new Set(found)].slice(0, 12);
}
