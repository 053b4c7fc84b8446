/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: { tsconfigPaths: true },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  build: {
    outDir: "../src/earmark/web_dist",
    emptyOutDir: true,
    // `light-dark()` and nesting are used as they are: these are the first versions with both.
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    reportCompressedSize: false,
    // All styles together are a few kilobytes: one file, whose order never changes.
    cssCodeSplit: false,
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.ts"],
    // Style sheets are read by tests.
    css: true,
  },
});
