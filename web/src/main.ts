import { mount } from "svelte";
import "uplot/dist/uPlot.min.css";
import "./app.css";
import { HttpSource } from "./api/http";
import type { Source } from "./api/source";
import App from "./views/App.svelte";

async function source(): Promise<Source> {
  const query = new URLSearchParams(location.search);
  const [made, map] = import.meta.env.DEV ? [query.get("made"), query.get("map")] : [null, null];
  // Left out of the build: the page of the program always talks to its server.
  if (made !== null || map !== null) return new (await import("./api/made")).MadeSource(Number(made), Number(map));
  return new HttpSource();
}

const target = document.getElementById("app");
if (target) mount(App, { target, props: { source: await source() } });
