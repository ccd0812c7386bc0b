import type { Surface } from "../draw/surface";
import type { Size } from "../state/camera";

/** Keeps a surface as large as its host, and says when that changes. Returns how to end it. */
export function follow(surface: Surface, host: HTMLElement, sized: (size: Size) => void): () => void {
  const { canvas } = surface;
  canvas.dataset.renderer = surface.renderer;
  const watch = new ResizeObserver(() => {
    const { height, width } = host.getBoundingClientRect();
    surface.resize({ height, width }, devicePixelRatio);
    sized({ height, width });
  });
  watch.observe(host);
  // A lost context takes all textures and buffers with it: start over.
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => location.reload());
  return () => {
    watch.disconnect();
    surface.close();
  };
}

/** Where the pointer is, in screen pixels from the corner of a stage; y before x. */
export function place(host: HTMLElement, event: MouseEvent): [number, number] {
  const box = host.getBoundingClientRect();
  return [event.clientY - box.top, event.clientX - box.left];
}

/** How many times larger the turn of a wheel makes things. */
export function wheelZoom(event: WheelEvent): number {
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  return 2 ** ((-event.deltaY * lines) / 240);
}
