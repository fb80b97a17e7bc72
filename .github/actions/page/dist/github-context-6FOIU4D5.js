import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{context}from"./chunk-AYXOYDNK.js";import"./chunk-6NMTOZB4.js";import"./chunk-UJMGKL24.js";import"./chunk-IWIJECEX.js";export{context};
