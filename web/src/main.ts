import { mount } from "svelte";
import "uplot/dist/uPlot.min.css";
import "./app.css";
import { HttpSource } from "./api/http";
import type { Source } from "./api/source";
import App from "./views/App.svelte";

async function source(): Promise<Source> {
  const made = import.meta.env.DEV ? new URLSearchParams(location.search).get("made") : null;
  // Left out of the build: the page of the program always talks to its server.
  if (made !== null) return new (await import("./api/made")).MadeSource(Number(made));
  return new HttpSource();
}

const target = document.getElementById("app");
if (target) mount(App, { target, props: { source: await source() } });
