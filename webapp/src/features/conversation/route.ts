import { createLazyRoute } from "@tanstack/react-router";
import { ConversationScreen } from "./conversation-screen";

export const Route = createLazyRoute("/w/$workspace/conversations/$id")({
  component: ConversationScreen,
});
