/** The scale bar: a round length of 1, 2 or 5 times a power of ten that fits into `room` screen pixels. */
export function scaleBar(pixelUm: number, scale: number, room: number): { length: number; text: string } {
  const longest = (room / scale) * pixelUm;
  const decade = 10 ** Math.floor(Math.log10(longest));
  const um = [5, 2, 1].map((m) => m * decade).find((length) => length <= longest) ?? decade;
  const text = um >= 1000 ? `${round(um / 1000)} mm` : um >= 1 ? `${round(um)} µm` : `${round(um * 1000)} nm`;
  return { length: (um / pixelUm) * scale, text };
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Time since the first frame, `h:mm:ss`; with tenths when frames are closer than a second. */
export function timeStamp(t: number, frameSeconds: number): string {
  const seconds = t * frameSeconds;
  const whole = Math.floor(seconds + 1e-9);
  const two = (n: number) => String(n).padStart(2, "0");
  const stamp = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return frameSeconds < 1 ? `${stamp}.${Math.floor((seconds - whole) * 10 + 1e-9)}` : stamp;
}
