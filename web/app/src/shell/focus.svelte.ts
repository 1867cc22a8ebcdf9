import { tick } from 'svelte';
import { view } from '../ui/view.svelte';

// Where the focus goes when what had it goes: into what opened by the keyboard, and back to its row when that closes.

const attribute = { departure: 'data-departure', warehouse: 'data-warehouse', passage: 'data-passage', place: '', lane: '' } as const;

const focusable = (node: Element | null | undefined): HTMLElement | null =>
  node instanceof HTMLElement ? (node.matches('button, a, input, [tabindex]') ? node : node.querySelector<HTMLElement>('button, a, input')) : null;

const row = (name: string, id: string): HTMLElement | null => (name ? focusable(document.querySelector(`#panel [${name}="${CSS.escape(id)}"]`)) : null);

const lost = () => document.activeElement === null || document.activeElement === document.body;

/** guard keeps the focus, in a component. */
export function guard(): void {
  let request: string | null = null;
  let picked: typeof view.picked = null;
  let opener: HTMLElement | null = null;

  $effect(() => {
    const [was, is] = [request, view.request];
    request = is;
    if (was === is) return;
    void tick().then(() => {
      if (!lost()) return;
      const next = is ? document.querySelector<HTMLElement>('#tabpanel button') : was ? row('data-request', was) : null;
      (next ?? document.getElementById('panel'))?.focus({ preventScroll: next === null });
    });
  });

  $effect(() => {
    const [was, is] = [picked, view.picked];
    picked = is;
    const active = document.activeElement;
    const inCard = active?.closest('.card') ?? null;
    if (is && !inCard) opener = active instanceof HTMLElement && active !== document.body ? active : null;
    const byKeyboard = active?.matches(':focus-visible') ?? false;
    void tick().then(() => {
      if (is && byKeyboard && !inCard) document.querySelector<HTMLElement>('.card .x')?.focus();
      if (!is && was && lost()) {
        const back = opener?.isConnected ? opener : row(attribute[was.kind], was.id);
        (back ?? document.getElementById('panel'))?.focus();
      }
    });
  });
}
