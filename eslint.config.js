// The scripts of the pages: plain scripts for browsers, without modules and without a build.
import js from "@eslint/js";
import css from "@eslint/css";
import compat from "eslint-plugin-compat";
import globals from "globals";

export default [
  { ignores: ["**/vendor/**", "**/.venv/**", "**/.data/**", "tests/data/**", "*.config.js"] },
  { files: ["**/*.js"], ...js.configs.recommended },
  // Against the supported browsers, which package.json names (browserslist) and docs/browsers.md explains
  {
    files: ["shared/web/static/*.js", "services/*/static/*.js"],
    ...compat.configs["flat/recommended"],
    settings: { lintAllEsApis: true },
  },
  {
    files: ["shared/web/static/*.css", "services/*/static/*.css"],
    plugins: { css },
    language: "css/css",
    rules: {
      "css/use-baseline": [
        "error",
        {
          available: 2023,
          // Where a browser lacks one of these, its own look stands in: colors of boxes, thin scrollbars, lines of headings
          allowProperties: ["accent-color", "forced-color-adjust", "paint-order", "print-color-adjust", "scrollbar-width", "text-size-adjust", "text-wrap"],
          allowAtRules: ["page"], // margins of paper
        },
      ],
    },
  },
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
