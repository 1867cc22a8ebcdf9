import { view } from '../ui/view.svelte';

const name = 'whatif';

/** Here is the what-if that is open; it stands in the address, so that a link leads to it. */
class Here {
  id = $state<string | null>(null);

  constructor() {
    this.#read();
    addEventListener('popstate', () => this.#read());
  }

  #read(): void {
    this.id = new URLSearchParams(location.search).get(name);
    if (this.id) view.tab = 'whatif';
  }

  open(id: string | null): void {
    this.id = id;
    const url = new URL(location.href);
    if (id) url.searchParams.set(name, id);
    else url.searchParams.delete(name);
    history.pushState(history.state, '', url);
  }

  link(id: string): string {
    const url = new URL(location.href);
    url.search = '';
    url.hash = '';
    url.searchParams.set(name, id);
    return url.href;
  }
}

export const here = new Here();
