// The scripts of the pages: plain scripts for browsers, without modules and without a build.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/vendor/**", "**/.venv/**", "**/.data/**", "tests/data/**", "eslint.config.js"] },
  js.configs.recommended,
  {
    files: ["shared/web/static/*.js", "services/*/static/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "script",
      globals: { ...globals.browser, ...globals.serviceworker, htmx: "readonly", sesr: "writable" },
    },
    rules: {
      eqeqeq: "error",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-implicit-globals": "off",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
    },
  },
];
