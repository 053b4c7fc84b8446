import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createApi } from "@/api/client";
import { makeRouter } from "@/app/router";
import { applyStoredScheme } from "@/app/scheme";
import { readShortcutSetting } from "@/app/shortcuts";
import "@/ui/tokens.css";
import "@/ui/base.css";

applyStoredScheme();
readShortcutSetting();
const queries = createApi();
const router = makeRouter(queries);
const root = document.getElementById("root");
if (!root) throw new Error("The page has no place for the app.");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
