import { has, t } from '../i18n/index.svelte';
import { Problem, type Fault } from '../live/api';
import { cargoClass, dateTime, mode } from './words';

/** fault words what is wrong with a field in the reader's language; a kind that has no words keeps the service's own. */
export function fault({ message = '', code = '', params = {} }: Partial<Fault>): string {
  const key = `fault.${code}`;
  return has(key) ? t(key, { ...params, time: dateTime(params.time), choices: (params.choices ?? '').split(/, ?/).map(choice).join(', ') }) : message;
}
const choice = (c: string) => (has(`map.${c}`) ? mode(c as 'sea') : cargoClass(c));

/** told names the field of a fault as the forms and sheets do, where they have it. */
function told(field: string, f: Fault): string {
  const name = ['ord', 'fleet', 'store'].map((of) => `${of}.${field.split(/[.[]/)[0]}`).find(has);
  return field ? `${name ? t(name as 'ord.goods') : field}: ${fault(f)}` : fault(f);
}

/** explain words a failed command, by its code where that has words; else the service's own detail is kept, since it names what was wrong. */
export function explain(e: unknown): string {
  if (!(e instanceof Problem)) throw e;
  if (e.status === 0 && !e.code) return t('err.network');
  const code = `err.code.${e.code}`;
  if (has(code)) return t(code);
  if (e.status === 403) return t('err.forbidden');
  const fields = [...e.fields].map(([field, f]) => told(field, f)).join('; ');
  return t('err.failed', { detail: fields || e.message });
}

/** placed splits a failure into errors for the fields that a form has and a rest for its foot. */
export function placed(e: unknown, fields: readonly string[]): { at: Record<string, string>; rest: string } {
  const at: Record<string, string> = {};
  if (!(e instanceof Problem) || e.code || e.fields.size === 0) return { at, rest: explain(e) };
  const rest: string[] = [];
  for (const [field, f] of e.fields) {
    const own = fields.find((f) => field === f || field.startsWith(`${f}.`) || field.startsWith(`${f}[`));
    if (own) at[own] ??= fault(f);
    else rest.push(told(field, f));
  }
  return { at, rest: rest.length > 0 ? t('err.failed', { detail: rest.join('; ') }) : '' };
}
