import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{keepInCache,runAction}from"./chunk-ZO3G7TV7.js";import"./chunk-QME7X62F.js";import{getState}from"./chunk-DWW4EVE6.js";import"./chunk-IWIJECEX.js";await runAction(async()=>{let key=getState("cache-key");key!==""&&await keepInCache({key,path:getState("cache-path")})});
