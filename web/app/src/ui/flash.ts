const recentMs = 1500;

/** flash lights a row up when the moment it changed moves on; a row that scrolls in late stays calm. */
export function flash(node: HTMLElement, changedAt: number): { update(next: number): void } {
  const light = (at: number) => {
    if (Date.now() - at > recentMs || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const colour = getComputedStyle(node).getPropertyValue('--accent-soft');
    node.animate([{ backgroundColor: colour }, { backgroundColor: colour, offset: 0.3 }, {}], { duration: 1600, easing: 'ease-out' });
  };
  let last = changedAt;
  light(changedAt);
  return {
    update(next) {
      if (next !== last) light(next);
      last = next;
    },
  };
}
