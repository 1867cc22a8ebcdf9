export interface Colours {
  water: string;
  land: string;
  shore: string;
  grid: string;
  text: string;
  faint: string;
  halo: string;
  sea: string;
  air: string;
  rail: string;
  late: string;
  bad: string;
  good: string;
  accent: string;
  border: string;
}

export const dark: Colours = {
  water: '#0b141b', land: '#1a262f', shore: '#3a4c59', grid: '#14202a', text: '#d9e4eb', faint: '#8fa3b1', halo: '#0b141b',
  sea: '#4aa8e0', air: '#b58cf5', rail: '#79c27d', late: '#ffb02e', bad: '#ff5c5c', good: '#2fbf8f', accent: '#3ee6b5', border: '#4d606d',
};

export const light: Colours = {
  water: '#dfe9ee', land: '#fbfbf8', shore: '#a9bac4', grid: '#d3e0e6', text: '#1c2a33', faint: '#566976', halo: '#ffffff',
  sea: '#1b76bd', air: '#7c46c4', rail: '#3b8a43', late: '#d17f00', bad: '#d42f2f', good: '#12906a', accent: '#00876a', border: '#8597a2',
};
