import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{gzip,tar,untar,unzip}from"./chunk-EQRDKG5B.js";import"./chunk-72FDQP6D.js";export{gzip,tar,untar,unzip};
