import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{compareBytes,gzip,tar,untar,unzip}from"./chunk-FQYZDZVO.js";import"./chunk-72FDQP6D.js";export{compareBytes,gzip,tar,untar,unzip};
