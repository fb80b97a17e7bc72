import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{gzip,tar,untar,unzip}from"./chunk-CK3BF6RX.js";import"./chunk-IWIJECEX.js";export{gzip,tar,untar,unzip};
