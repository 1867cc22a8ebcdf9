/** paced returns what asks at once, and then at most every so many ms; what that returns takes back the asking that has not begun. */
export function paced(everyMs: number): (ask: () => void) => () => void {
  let last = -Infinity;
  return (ask) => {
    const soon = setTimeout(() => {
      last = performance.now();
      ask();
    }, Math.max(0, last + everyMs - performance.now()));
    return () => clearTimeout(soon);
  };
}
