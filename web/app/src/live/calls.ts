/** A call to the API that has no answer yet. */
export interface Call {
  since: number; // ms of the page's clock
  /** A command that the connection was lost under; it is sent again, once it may arrive, until it is dropped. */
  waiting: boolean;
}

const firstWaitMs = 1000;
const longestWaitMs = 15_000;

/**
 * Calls are the calls under way, for the page to show. A command whose answer did not come waits here for the next
 * try: when the connection is back (flush), or after a while, whichever is first.
 */
export class Calls {
  onchange: () => void = () => {};
  #calls = new Map<Call, ((again: boolean) => void) | null>();

  get under(): readonly Call[] {
    return [...this.#calls.keys()].map((c) => ({ ...c }));
  }

  begin(): Call {
    const call: Call = { since: Date.now(), waiting: false };
    this.#calls.set(call, null);
    this.onchange();
    return call;
  }

  end(call: Call): void {
    this.#calls.delete(call);
    this.onchange();
  }

  /** again waits for the time of try number n, from 0; false means that the person dropped the command. */
  async again(call: Call, n: number): Promise<boolean> {
    call.waiting = true;
    const go = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), Math.min(firstWaitMs * 2 ** n, longestWaitMs));
      this.#calls.set(call, (yes) => {
        clearTimeout(timer);
        resolve(yes);
      });
      this.onchange();
    });
    call.waiting = go; // shown as waiting until it is answered
    if (this.#calls.has(call)) this.#calls.set(call, null);
    this.onchange();
    return go;
  }

  /** flush tries at once what waits; drop gives it up. */
  flush(): void {
    for (const go of this.#calls.values()) go?.(true);
  }
  drop(): void {
    for (const go of this.#calls.values()) go?.(false);
  }
}

export const calls = new Calls();
