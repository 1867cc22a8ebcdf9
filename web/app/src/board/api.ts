import { call } from '../live/api';

export type TargetID = 'firms' | 'area_m2' | 'turned_public' | 'public_use';

export interface Target {
  id: TargetID;
  value: number;
  goal?: number;
  expected?: number;
  late: boolean;
  per_month?: number;
  left?: number;
  trend: { at: string; value: number }[];
}

export interface Source {
  warehouse: string;
  operator?: string;
  value: number;
  of?: number;
  event: string;
  source: string;
  type: string;
  at: string;
  sequence: number;
}

export const targets = {
  all: () => call<{ due: string; targets: Target[] }>('GET', '/api/targets'),
  sources: (id: TargetID) => call<Source[]>('GET', `/api/targets/${id}`),
};
