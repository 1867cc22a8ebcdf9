export type Theme = 'system' | 'light' | 'dark';
export const themes: readonly Theme[] = ['system', 'light', 'dark'];

const remembered = 'haihe.theme';

function saved(): Theme {
  try {
    const value = localStorage.getItem(remembered);
    return themes.find((t) => t === value) ?? 'system';
  } catch {
    return 'system';
  }
}

/** Appearance is light or dark: as the system has it, unless chosen. The colours themselves are in app.css. */
class Appearance {
  chosen = $state<Theme>(saved());
  #system = $state(false);
  dark = $derived(this.chosen === 'dark' || (this.chosen === 'system' && this.#system));

  constructor() {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    this.#system = scheme.matches;
    scheme.addEventListener('change', () => (this.#system = scheme.matches));
    this.#mark();
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    this.#mark();
    try {
      localStorage.setItem(remembered, theme);
    } catch {
      // Not remembered, then.
    }
  }

  #mark(): void {
    const root = document.documentElement;
    if (this.chosen === 'system') delete root.dataset.theme;
    else root.dataset.theme = this.chosen;
  }
}

export const appearance = new Appearance();
