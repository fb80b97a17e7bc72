import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{compareBytes,gzip,tar,untar,unzip}from"./chunk-BGZ3VVC2.js";import"./chunk-FHGES5G4.js";export{compareBytes,gzip,tar,untar,unzip};
