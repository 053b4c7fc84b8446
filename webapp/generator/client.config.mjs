/** @type {import("@hey-api/openapi-ts").UserConfig} */
export default {
  input: "openapi.json",
  output: { path: "src/api/generated" },
  plugins: [
    { name: "@hey-api/client-fetch", baseUrl: false, throwOnError: true },
    "@hey-api/typescript",
    "@hey-api/sdk",
    "@tanstack/react-query",
  ],
  logs: { file: false },
};
