import { flushSync } from 'svelte';
import { view } from '../ui/view.svelte';

/** watchPrint has lists show all their rows while the page is printed; it returns the way out. */
export function watchPrint(): () => void {
  const set = (on: boolean) => {
    if (view.printing !== on) flushSync(() => (view.printing = on)); // the browser prints what stands when this returns
  };
  const before = () => set(true);
  const after = () => set(false);
  const media = matchMedia('print');
  const change = () => set(media.matches);
  addEventListener('beforeprint', before);
  addEventListener('afterprint', after);
  media.addEventListener('change', change);
  return () => {
    removeEventListener('beforeprint', before);
    removeEventListener('afterprint', after);
    media.removeEventListener('change', change);
  };
}
