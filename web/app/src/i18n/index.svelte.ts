import { en } from './en';
import { fill, type Params } from './fill';
import { zh, type Key } from './zh';

export type Locale = 'zh' | 'en';
export type { Key };

const catalogues: Record<Locale, Record<Key, string>> = { zh, en };
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
  /** For Intl: the browser's own variant of the language where it has one, e.g. en-GB. */
  tag = $derived(navigator.languages.find((l) => l.toLowerCase().startsWith(this.locale)) ?? (this.locale === 'zh' ? 'zh-CN' : 'en-GB'));

  constructor() {
    this.#use(first());
  }

  choose(locale: Locale): void {
    this.#use(locale);
    try {
      localStorage.setItem(remembered, locale);
    } catch {
      // Not remembered, then.
    }
  }

  #use(locale: Locale): void {
    this.locale = locale;
    document.documentElement.lang = locale === 'zh' ? 'zh-CN' : 'en';
    document.title = catalogues[locale]['brand.full'];
  }
}

export const i18n = new I18n();

/** t is the message of a key in the viewer's language. */
export function t(key: Key, params?: Params): string {
  return fill(catalogues[i18n.locale][key], params);
}

/** has says whether a key made from data, e.g. a cargo class, has a message. */
export function has(key: string): key is Key {
  return Object.hasOwn(zh, key);
}
