import type { Component } from "svelte";
import FilesView from "./FilesView.svelte";
import LabelView from "./LabelView.svelte";
import ReviewView from "./ReviewView.svelte";
import TrainView from "./TrainView.svelte";
import type { Workbench } from "./workbench.svelte";

export interface Route {
  path: string;
  title: string;
  view: Component<{ bench: Workbench }>;
}

/** The views of the page, as tabs. A new one is a file and a line here. */
export const ROUTES: Route[] = [
  { path: "label", title: "Label", view: LabelView },
  { path: "train", title: "Train", view: TrainView },
  { path: "review", title: "Review", view: ReviewView },
  { path: "files", title: "Files", view: FilesView },
];

export function routeOf(hash: string): Route {
  return ROUTES.find((route) => `#/${route.path}` === hash) ?? ROUTES[0]!;
}
