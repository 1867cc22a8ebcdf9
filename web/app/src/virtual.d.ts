declare module 'virtual:coastline' {
  const url: string; // of the coastline, as map/coastfile.ts has it
  export default url;
}
