import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{compareBytes,gzip,storedGzip,storedTarGzip,tar,untar,unzip}from"./chunk-6HXREQFE.js";import"./chunk-FHGES5G4.js";export{compareBytes,gzip,storedGzip,storedTarGzip,tar,untar,unzip};
