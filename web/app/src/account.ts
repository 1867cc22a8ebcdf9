import { call } from './live/api';

// What the account page and the sign-in page ask of the service.

export interface Member {
  user: string;
  name?: string;
  email?: string;
  level: Level;
}
export type Level = 'reader' | 'editor' | 'admin';

export interface Session {
  id: string;
  user: string;
  via: 'link' | 'oidc';
  from: string;
  agent?: string;
  begun: string;
  seen: string;
  ends: string;
  current: boolean;
}

export interface Key {
  id: string;
  name: string;
  scopes: string[];
  by: string;
  made: string;
  expires: string;
  revoked?: string;
  seen?: string;
}

const path = encodeURIComponent;

export const account = {
  signOut: () => call<unknown>('POST', '/api/signout'),
  members: () => call<Member[]>('GET', '/api/members'),
  setMember: (user: string, m: Omit<Member, 'user'>) => call<unknown>('PUT', `/api/members/${path(user)}`, m),
  removeMember: (user: string) => call<unknown>('DELETE', `/api/members/${path(user)}`),
  memberLink: (user: string) => call<{ link: string; expires: string }>('POST', `/api/members/${path(user)}/link`),
  sessions: () => call<Session[]>('GET', '/api/sessions'),
  endSession: (id: string) => call<unknown>('DELETE', `/api/sessions/${path(id)}`),
  keys: () => call<Key[]>('GET', '/api/keys'),
  makeKey: (name: string, scopes: string[], days: number) => call<{ id: string; key: string }>('POST', '/api/keys', { name, scopes, days }),
  revokeKey: (id: string) => call<unknown>('DELETE', `/api/keys/${path(id)}`),
};

/** ways says how one may sign in besides by link. */
export async function ways(): Promise<{ oidc: boolean }> {
  try {
    const answer = await fetch('/signin/ways');
    return answer.ok ? ((await answer.json()) as { oidc: boolean }) : { oidc: false };
  } catch {
    return { oidc: false };
  }
}
