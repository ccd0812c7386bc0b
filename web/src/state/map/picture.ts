/** A picture of a display, `[h, w, c]` with one channel (grey) or three (red, green, blue), as RGBA bytes. */
export function rgba(bytes: Uint8Array, nPixels: number, nChannels: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * nPixels).fill(255);
  for (let i = 0; i < nPixels; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = bytes[i * nChannels + (nChannels === 3 ? c : 0)]!;
  }
  return out;
}
