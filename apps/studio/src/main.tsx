import { render } from "preact";
import { App } from "./app.tsx";
import { loadLists, refresh } from "./state.ts";
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "uplot/dist/uPlot.min.css";

render(<App />, document.getElementById("app")!);
void loadLists();
// A page that was put aside catches up.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void refresh();
});
