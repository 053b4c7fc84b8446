import { createLazyRoute } from "@tanstack/react-router";
import { ThemesScreen } from "./themes-screen";

export const Route = createLazyRoute("/w/$workspace/themes")({ component: ThemesScreen });
