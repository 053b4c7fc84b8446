import { createLazyRoute } from "@tanstack/react-router";
import { ThemeScreen } from "./theme-screen";

export const Route = createLazyRoute("/w/$workspace/themes/$id")({ component: ThemeScreen });
