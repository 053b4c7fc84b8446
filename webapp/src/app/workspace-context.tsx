import { createContext, useContext } from "react";
import type { WorkspaceDetail } from "@/api/generated";
import { isTimeZone } from "@/messages/format";
import * as words from "@/messages/words";

/** The workspace that the address names, and the names of its labels. */
export interface CurrentWorkspace {
  code: string;
  detail: WorkspaceDetail;
  timeZone: string;
  /** The path parameter of every request. */
  path: { workspace: string };
  categoryName: (id: string | null | undefined) => string;
  /** Of a theme: without one, its conversations are of several. */
  themeCategory: (id: string | null | undefined) => string;
  areaName: (id: string | null | undefined) => string;
}

export function describeWorkspace(detail: WorkspaceDetail): CurrentWorkspace {
  const { code, timezone } = detail.workspace;
  const categories = new Map(detail.categories.map(({ id, name }) => [id, name]));
  const areas = new Map(detail.areas.map(({ id, name }) => [id, name]));
  return {
    code,
    detail,
    path: { workspace: code },
    timeZone: timezone && isTimeZone(timezone) ? timezone : "UTC",
    categoryName: (id) => words.categoryName(id, categories),
    themeCategory: (id) => (id ? words.categoryName(id, categories) : words.mixedCategories),
    areaName: (id) => (id ? (areas.get(id) ?? id) : words.noArea),
  };
}

export const WorkspaceContext = createContext<CurrentWorkspace | null>(null);

export function useWorkspace(): CurrentWorkspace {
  const workspace = useContext(WorkspaceContext);
  if (!workspace) throw new Error("This is shown outside of a workspace.");
  return workspace;
}
