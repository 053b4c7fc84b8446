import { createLazyRoute } from "@tanstack/react-router";
import { StoriesScreen } from "./stories-screen";

export const Route = createLazyRoute("/w/$workspace/stories")({ component: StoriesScreen });
