import { has, t } from '../i18n/index.svelte';
import { Problem } from '../live/api';

/** explain words a failed command, by its code where that has words; else the service's own detail is kept, since it names what was wrong. */
export function explain(e: unknown): string {
  if (!(e instanceof Problem)) throw e;
  if (e.status === 0) return t('err.network');
  const code = `err.code.${e.code}`;
  if (has(code)) return t(code);
  if (e.status === 403) return t('err.forbidden');
  const fields = [...e.fields].map(([field, message]) => (field ? `${field}: ${message}` : message)).join('; ');
  return t('err.failed', { detail: fields || e.message });
}

/** placed splits a failure into errors for the fields that a form has and a rest for its foot. */
export function placed(e: unknown, fields: readonly string[]): { at: Record<string, string>; rest: string } {
  const at: Record<string, string> = {};
  if (!(e instanceof Problem) || e.code || e.fields.size === 0) return { at, rest: explain(e) };
  const rest: string[] = [];
  for (const [field, message] of e.fields) {
    const own = fields.find((f) => field === f || field.startsWith(`${f}.`) || field.startsWith(`${f}[`));
    if (own) at[own] ??= message;
    else rest.push(field ? `${field}: ${message}` : message);
  }
  return { at, rest: rest.length > 0 ? t('err.failed', { detail: rest.join('; ') }) : '' };
}
