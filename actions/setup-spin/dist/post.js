import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{keepInCache,runAction}from"./chunk-4CDKA732.js";import{getState,warning}from"./chunk-35RDZGOT.js";import"./chunk-IHLXEMYW.js";await runAction(async()=>{let key=getState("cache-key");key!==""&&await keepInCache({key,path:getState("cache-path")},warning)});
