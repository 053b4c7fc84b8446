import { createLazyRoute } from "@tanstack/react-router";
import { StoryScreen } from "./story-screen";

export const Route = createLazyRoute("/w/$workspace/stories/$id")({ component: StoryScreen });
