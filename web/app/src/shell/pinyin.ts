// The browser's own collation knows the pinyin of every character: a character belongs to the last letter whose first
// character does not come after it. That spares a dictionary of 20 KiB, and is right but for characters of several
// readings; those that names here have are listed.
const firsts = [...'阿八嚓哒妸发旮哈丌咔垃妈拏噢妑七呥仨他穵夕丫帀'];
const letters = [...'abcdefghjklmnopqrstwxyz'];
const readings: Record<string, string> = { 厦: 'x', 重: 'c', 长: 'c', 都: 'd' };
const order = new Intl.Collator('zh-Hans-CN-u-co-pinyin');
const known = new Map<string, string>();

function initial(c: string): string {
  if (!/\p{Script=Han}/u.test(c)) return c.toLowerCase();
  let letter = known.get(c);
  if (letter === undefined) {
    let i = firsts.length - 1;
    while (i > 0 && order.compare(firsts[i]!, c) > 0) i--;
    known.set(c, (letter = readings[c] ?? letters[i]!));
  }
  return letter;
}

/** initials are the first letters of the pinyin of a text, "tjxg" of 天津新港, or "" of one without Chinese. */
export function initials(text: string): string {
  return /\p{Script=Han}/u.test(text) ? [...text].map(initial).join('').replace(/[^a-z0-9]/g, '') : '';
}
