import type { Target } from './api';
import { targets } from './api';

/** Board is the city's targets as last asked for. */
class Board {
  list = $state.raw<Target[]>([]);
  due = $state('');
  failed = $state(false);

  async refresh(): Promise<void> {
    try {
      const b = await targets.all();
      this.list = b.targets;
      this.due = b.due;
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }
}

export const board = new Board();
