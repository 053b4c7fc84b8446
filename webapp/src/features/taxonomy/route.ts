import { createLazyRoute } from "@tanstack/react-router";
import { TaxonomyScreen } from "./taxonomy-screen";

export const Route = createLazyRoute("/w/$workspace/taxonomy")({ component: TaxonomyScreen });
