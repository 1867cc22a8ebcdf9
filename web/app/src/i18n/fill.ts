export type Params = Record<string, string | number>;

/** fill puts params into a message: {name} is the value, {n|one|many} a word that fits the number n. */
export function fill(message: string, params: Params = {}): string {
  return message.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    if (one !== undefined) return Number(value) === 1 ? one : (many ?? '');
    return String(value);
  });
}
