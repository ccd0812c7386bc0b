import type { Component } from "svelte";
import FilesView from "./FilesView.svelte";
import LabelView from "./LabelView.svelte";
import ReviewView from "./ReviewView.svelte";
import TrainView from "./TrainView.svelte";
import type { Workbench } from "./workbench.svelte";

/** A view as the bar at the top shows it. */
export interface Tab {
  path: string;
  title: string;
  /** Things to look at. */
  badge?: number;
  /** Something goes on there. */
  live?: boolean;
}

export interface Route extends Tab {
  view: Component<{ bench: Workbench }>;
}

/** The views of labelling, as tabs. A new one is a file and a line here. */
export const ROUTES: Route[] = [
  { path: "label", title: "Label", view: LabelView },
  { path: "train", title: "Train", view: TrainView },
  { path: "review", title: "Review", view: ReviewView },
  { path: "files", title: "Files", view: FilesView },
];
