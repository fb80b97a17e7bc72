import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{context}from"./chunk-IGV57VIF.js";import"./chunk-FHGES5G4.js";export{context};
