export default {
  testEnvironment: "node",
  roots: [
    "<rootDir>/packages",
    "<rootDir>/actions",
    "<rootDir>/.github",
    "<rootDir>/scripts",
    "<rootDir>/dev",
  ],
  testMatch: ["**/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/tools/jest-esbuild.mjs" },
  // Generous, since a test that hangs is rare and a busy machine is not. Tests that need longer set their own limit.
  testTimeout: 60_000,
  // Jest leaves a core to an editor, which on two cores is half of the machine.
  maxWorkers: "100%",
  watchman: false,
};
