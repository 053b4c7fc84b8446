import { Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

/** The page; after a navigation the focus is on its content, as after a full load. */
export function Root() {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  }, [pathname]);
  return <Outlet />;
}
