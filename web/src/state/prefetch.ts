/** Frames to fetch around `t`, the most wanted first: ahead in the direction of travel, then behind. */
export function wanted(t: number, nFrames: number, direction: 1 | -1, ahead: number, behind: number): number[] {
  const frames: number[] = [];
  for (let i = 1; i <= Math.max(ahead, behind); i++) {
    if (i <= ahead) frames.push(t + i * direction);
    if (i <= behind) frames.push(t - i * direction);
  }
  return frames.filter((frame) => frame >= 0 && frame < nFrames);
}
