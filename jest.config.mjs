export default {
  testEnvironment: "node",
  roots: ["<rootDir>/packages", "<rootDir>/actions", "<rootDir>/scripts", "<rootDir>/dev"],
  testMatch: ["**/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/tools/jest-esbuild.mjs" },
  watchman: false,
};
