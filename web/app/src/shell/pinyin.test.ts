import { expect, it } from 'vitest';
import { initials } from './pinyin';

it('takes the first letters of pinyin', () => {
  const names: Record<string, string> = {
    天津新港: 'tjxg', 鹿特丹: 'ltd', 洛杉矶: 'lsj', 汉堡: 'hb', 厦门: 'xm', 重庆: 'cq', 长沙: 'cs', 日本: 'rb', 苏伊士运河: 'sysyh',
    马六甲海峡: 'mljhx', 墨尔本: 'meb', 桑托斯: 'sts', 智利: 'zl', 蒙特利尔: 'mtle', 釜山: 'fs', 吉达: 'jd', 曼谷: 'mg', 利马: 'lm', 瑞典: 'rd',
    萨凡纳: 'sfn', 泰国: 'tg', 南非: 'nf', 土耳其: 'teq', 阿联酋: 'alq', 波兰: 'bl', 法国: 'fg', 意大利: 'ydl', 欧洲: 'oz', 科威特: 'kwt', 加拿大: 'jnd',
  };
  for (const [name, letters] of Object.entries(names)) expect(initials(name), name).toBe(letters);
});

it('keeps Latin letters and digits beside Chinese, and has nothing for other texts', () => {
  expect(initials('海河 A-1号')).toBe('hha1h');
  expect(initials('Rotterdam')).toBe('');
});
