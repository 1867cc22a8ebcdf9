import fuzzysort from 'fuzzysort';
import { initials } from './pinyin';

/** Something that the palette finds: words are its names in any language, the first the one shown. */
export interface Findable {
  words: readonly string[];
  /** What is preferred among equals, 0 to 1. */
  weight: number;
}

interface Prepared<T> {
  item: T;
  words: string[];
}

/** Index finds items by parts of their names, by letters in order, and by the initials of their pinyin. */
export class Index<T extends Findable> {
  #all: Prepared<T>[];

  constructor(items: readonly T[]) {
    this.#all = items.map((item) => {
      const letters = item.words.map(initials).filter((s) => s !== '');
      return { item, words: [...item.words, ...new Set(letters)] };
    });
  }

  /** find gives the best of what every word of the search is found in, best first; all, by weight, for an empty search. */
  find(search: string, limit: number): T[] {
    const words = search.trim().toLowerCase().split(/\s+/).filter((w) => w !== '');
    if (words.length === 0) return this.#all.map((p) => p.item).sort((a, b) => b.weight - a.weight).slice(0, limit);
    const found: { item: T; score: number }[] = [];
    for (const { item, words: own } of this.#all) {
      let score = 0;
      for (const word of words) {
        const best = Math.max(0, ...own.map((w) => score1(word, w)));
        if (best === 0) {
          score = 0;
          break;
        }
        score += best;
      }
      if (score > 0) found.push({ item, score: score / words.length + item.weight * 0.1 });
    }
    return found.sort((a, b) => b.score - a.score).slice(0, limit).map((f) => f.item);
  }
}

const weakest = 0.3; // below it the letters lie so far apart that nobody meant them

function score1(word: string, text: string): number {
  const result = fuzzysort.single(word, text);
  return result && result.score >= weakest ? result.score : 0;
}
