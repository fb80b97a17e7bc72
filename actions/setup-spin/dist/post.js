import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{keepInCache,runAction}from"./chunk-IMXV52KN.js";import"./chunk-ETKUF74E.js";import{getState}from"./chunk-QONM7THG.js";import"./chunk-IHLXEMYW.js";await runAction(async()=>{let key=getState("cache-key");key!==""&&await keepInCache({key,path:getState("cache-path")})});
