import type { Term } from './terms';

const singleKey = 'haihe.singleKeys';
const seen = (role: string) => `haihe.tour.${role}`;

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Not remembered, then.
  }
}

/** Shell is what lies over the workspace: the palette, the help, the tour. One of the dialogs is open at most. */
class Shell {
  open = $state<'palette' | 'keys' | 'terms' | null>(null);
  /** The term that the glossary begins at. */
  term = $state<Term | null>(null);
  /** The step of the tour that is shown. */
  step = $state<number | null>(null);
  /** Keys without Ctrl or Alt do something (WCAG 2.1.4 asks that they can be turned off: speech input types letters). */
  singleKeys = $state(stored(singleKey) !== 'off');

  explain(term: Term | null): void {
    this.term = term;
    this.open = 'terms';
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    store(singleKey, on ? 'on' : 'off');
  }

  /** begin opens the tour where this browser has not shown it to the role. */
  begin(role: string): void {
    if (stored(seen(role)) === null) this.step = 0;
  }

  endTour(role: string): void {
    this.step = null;
    store(seen(role), 'seen');
  }
}

export const shell = new Shell();
