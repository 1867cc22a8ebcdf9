import { tableFile } from '../live/api';

/** save hands a file to the browser's downloads. */
export function save(blob: Blob, name: string): void {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
}

export async function saveTable(rows: string[][], format: 'xlsx' | 'csv', name: string): Promise<void> {
  save(await tableFile(rows, format), `${name}.${format}`);
}
