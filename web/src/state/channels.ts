import type { Histogram, ImageInfo } from "./contract";

/** How a channel is shown. Intensities at or below `low` are black, at or above `high` full colour. */
export interface ChannelView {
  name: string;
  color: string;
  shown: boolean;
  low: number;
  high: number;
  /** Limits follow the percentiles until somebody drags them. */
  auto: boolean;
}

const SEVERAL = ["#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00"];

/** The largest value of a type of pixels; floats are taken as 0 to 1 until a histogram says more. */
export function ceiling(dtype: ImageInfo["dtype"]): number {
  return { uint8: 255, uint16: 65535, float32: 1 }[dtype];
}

export function channelViews(image: ImageInfo): ChannelView[] {
  return image.channels.map((channel, i) => ({
    name: channel.name,
    color: channel.color ?? (image.channels.length === 1 ? "#ffffff" : SEVERAL[i % SEVERAL.length]!),
    shown: i < 4,
    low: 0,
    high: ceiling(image.dtype),
    auto: true,
  }));
}

/** Channels of an image that is opened, shown as those of another one when both have the same channels and type of pixels. */
export function channelsLike(image: ImageInfo, other: ImageInfo, views: ChannelView[]): ChannelView[] {
  const alike = image.dtype === other.dtype && image.channels.length === views.length;
  if (!alike || !image.channels.every(({ name }, i) => name === views[i]?.name)) return channelViews(image);
  return views.map((view) => ({ ...view }));
}

/** Limits by percentile; a flat picture gets a span of one so that nothing divides by zero. */
export function autoLimits(histogram: Histogram): { low: number; high: number } {
  const { p_low: low, p_high: high } = histogram;
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** `#rrggbb` as three shares of one. */
export function rgb(color: string): [number, number, number] {
  const bits = Number.parseInt(color.slice(1), 16);
  return [((bits >> 16) & 255) / 255, ((bits >> 8) & 255) / 255, (bits & 255) / 255];
}

export type Pixels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** Raw little-endian bytes as numbers. Browsers run on little-endian machines only. */
export function pixelsOf(bytes: ArrayBuffer, dtype: ImageInfo["dtype"]): Pixels {
  if (dtype === "uint8") return new Uint8Array(bytes);
  return dtype === "uint16" ? new Uint16Array(bytes) : new Float32Array(bytes);
}

/** A square cut out of a plane around a cell, as annotation files cut it: rows [int(y) - size/2, int(y) + size/2). */
export function cut(plane: Pixels, height: number, width: number, y: number, x: number, size: number): Pixels {
  const out = plane.slice(0, 0).constructor as new (n: number) => Pixels;
  const patch = new out(size * size);
  const top = Math.trunc(y) - size / 2;
  const left = Math.trunc(x) - size / 2;
  for (let row = 0; row < size; row++) {
    const from = top + row;
    if (from < 0 || from >= height) continue;
    const begin = Math.max(0, -left);
    const end = Math.min(size, width - left);
    for (let column = begin; column < end; column++) {
      patch[row * size + column] = plane[from * width + left + column]!;
    }
  }
  return patch;
}

/** Channels added up in their colours and limits, as RGBA bytes. Null stands for a channel that has not arrived. */
export function compose(planes: (Pixels | null)[], views: ChannelView[], n: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(n * 4);
  for (let i = 0; i < n; i++) out[4 * i + 3] = 255;
  planes.forEach((plane, c) => {
    const view = views[c];
    if (!plane || !view?.shown) return;
    const [r, g, b] = rgb(view.color);
    const scale = 255 / (view.high - view.low || 1);
    for (let i = 0; i < n; i++) {
      const value = Math.min(255, Math.max(0, (plane[i]! - view.low) * scale));
      out[4 * i] = out[4 * i]! + r * value;
      out[4 * i + 1] = out[4 * i + 1]! + g * value;
      out[4 * i + 2] = out[4 * i + 2]! + b * value;
    }
  });
  return out;
}
