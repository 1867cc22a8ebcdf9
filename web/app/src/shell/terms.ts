/** The terms of the trade and of the planner that the page explains where they stand: messages help.TERM and help.TERM.text. */
export const terms = ['plan', 'regret', 'dual', 'matched', 'hold', 'cutoff', 'cfs', 'free', 'rt', 'relaxation', 'gateway', 'ledger', 'withheld', 'co2e', 'draw', 'passage', 'locode'] as const;
export type Term = (typeof terms)[number];
