import type { Key } from '../i18n/index.svelte';
import type { Role } from '../live/protocol';

/** Step is one stop of the first minute: what it is about, and where on the page that is. */
export interface Step {
  at: string; // a CSS selector
  title: Key;
  text: Key;
}

const find: Step = { at: '[data-testid="find"]', title: 'tour.find', text: 'tour.find.text' };
const plan: Step = { at: '[data-testid="plan"]', title: 'tour.plan', text: 'tour.plan.text' };

/** tours has the steps of each role, few enough for a minute. */
export const tours: Record<Role, readonly Step[]> = {
  exporter: [
    { at: '#tab-ask', title: 'tour.ask', text: 'tour.ask.text' },
    { at: '#tab-requests', title: 'tour.requests', text: 'tour.requests.text' },
    plan,
    find,
  ],
  firm: [
    { at: '#tab-departures', title: 'tour.mine', text: 'tour.mine.text' },
    { at: '#tab-publish', title: 'tour.publish', text: 'tour.publish.text' },
    { at: '#tab-warehouses', title: 'tour.warehouses', text: 'tour.warehouses.text' },
    find,
  ],
  commission: [
    { at: '#tab-overview', title: 'tour.overview', text: 'tour.overview.text' },
    { at: '#tab-bottlenecks', title: 'tour.bottlenecks', text: 'tour.bottlenecks.text' },
    { at: '#tab-passages', title: 'tour.passages', text: 'tour.passages.text' },
    plan,
    find,
  ],
};
