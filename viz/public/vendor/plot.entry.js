// What plot.js holds. Made in an empty folder with this file in it:
//   npm install @observablehq/plot@0.6.17 d3@7.9.2 esbuild@0.28.2
//   npx esbuild plot.entry.js --bundle --format=esm --minify --target=es2022 --legal-comments=none --outfile=plot.js
export * as Plot from "@observablehq/plot";
export { packEnclose, packSiblings } from "d3-hierarchy";
