declare module 'virtual:coastline' {
  const url: string; // of the coastline, as map/coastfile.ts has it
  export default url;
}
declare module 'virtual:map-worker' {
  const url: string; // of the script of the map's workers: see maplibrary.ts
  export default url;
}
