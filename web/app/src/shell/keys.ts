import { t } from '../i18n/index.svelte';
import { live } from '../ui/live.svelte';
import { view } from '../ui/view.svelte';
import { mac, paletteKeys } from './commands.svelte';
import { shell } from './shell.svelte';
import { tabsOf } from './tabs';

/** shortcuts lists what keys do, for the dialog that tells of them. */
export function shortcuts(): { keys: string; does: string }[] {
  return [
    { keys: paletteKeys, does: t('key.palette') },
    { keys: '?', does: t('key.help') },
    { keys: '/', does: t('key.search') },
    { keys: `1 … ${tabsOf(live.me?.role).length}`, does: t('key.tab') },
    { keys: '← →', does: t('key.tabs') },
    { keys: 'Esc', does: t('key.close') },
    { keys: mac ? '⌘P' : 'Ctrl P', does: t('cmd.print') },
  ];
}

const typing = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** press does what a key of the whole page does. */
export function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    shell.open = shell.open === 'palette' ? null : 'palette';
    return;
  }
  if (shell.open || document.querySelector(':popover-open')) return;
  if (event.key === 'Escape') {
    if (view.picked) view.picked = null;
    else view.open(null);
    return;
  }
  if (!shell.singleKeys || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const tab = /^[1-9]$/.test(event.key) ? tabsOf(live.me?.role)[Number(event.key) - 1] : undefined;
  const search = document.querySelector<HTMLInputElement>('#panel input[type="search"]');
  if (event.key === '?') shell.open = 'keys';
  else if (event.key === '/' && search) search.focus();
  else if (tab) {
    view.go(tab.id);
    document.getElementById(`tab-${tab.id}`)?.focus();
  } else return;
  event.preventDefault();
}
