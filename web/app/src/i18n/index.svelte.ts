import { fill, type Params } from './fill';
import type { Key } from './zh';

export type Locale = 'zh' | 'en';
export type { Key };
type Catalogue = Record<Key, string>;

// A page loads the language that it is read in, and the other one when that is chosen.
const load: Record<Locale, () => Promise<Catalogue>> = {
  zh: async () => (await import('./zh')).zh,
  en: async () => (await import('./en')).en,
};
const remembered = 'haihe.locale';

function first(): Locale {
  try {
    const saved = localStorage.getItem(remembered);
    if (saved === 'zh' || saved === 'en') return saved;
  } catch {
    // Storage may be closed to us; the browser's languages decide.
  }
  return navigator.languages.some((l) => l.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

class I18n {
  locale = $state<Locale>('en');
  catalogue = $state.raw<Partial<Catalogue>>({});
  /** For Intl: the browser's own variant of the language where it has one, e.g. en-GB. */
  tag = $derived(navigator.languages.find((l) => l.toLowerCase().startsWith(this.locale)) ?? (this.locale === 'zh' ? 'zh-CN' : 'en-GB'));

  /** start loads the first language; nothing can be worded before. */
  async start(): Promise<void> {
    await this.#use(first());
  }

  async choose(locale: Locale): Promise<void> {
    await this.#use(locale);
    try {
      localStorage.setItem(remembered, locale);
    } catch {
      // Not remembered, then.
    }
  }

  async #use(locale: Locale): Promise<void> {
    this.catalogue = await load[locale]();
    this.locale = locale;
    document.documentElement.lang = locale === 'zh' ? 'zh-CN' : 'en';
    document.title = t('brand.full');
  }
}

export const i18n = new I18n();

/** t is the message of a key in the viewer's language. */
export function t(key: Key, params?: Params): string {
  return fill(i18n.catalogue[key] ?? key, params);
}

/** has says whether a key made from data, e.g. a cargo class, has a message. */
export function has(key: string): key is Key {
  return Object.hasOwn(i18n.catalogue, key);
}
