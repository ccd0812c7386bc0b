/**
 * Where the image lies on the stage: `scale` screen pixels per image pixel, and the image coordinates at the middle of
 * the stage. The centre of the first pixel is (0, 0), so the image covers -0.5 to n - 0.5.
 */
export interface Camera {
  scale: number;
  y: number;
  x: number;
}

export interface Size {
  height: number;
  width: number;
}

const CLOSEST = 64;

export function fit(image: Size, stage: Size): Camera {
  const scale = Math.min(stage.width / image.width, stage.height / image.height) * 0.98;
  return { scale: Math.max(scale, 1e-3), y: (image.height - 1) / 2, x: (image.width - 1) / 2 };
}

export function toImage(camera: Camera, stage: Size, sy: number, sx: number): { y: number; x: number } {
  return { y: camera.y + (sy - stage.height / 2) / camera.scale, x: camera.x + (sx - stage.width / 2) / camera.scale };
}

export function toStage(camera: Camera, stage: Size, y: number, x: number): { y: number; x: number } {
  return { y: (y - camera.y) * camera.scale + stage.height / 2, x: (x - camera.x) * camera.scale + stage.width / 2 };
}

/** Zooms so that what lies under a place of the stage stays there. */
export function zoomAt(camera: Camera, image: Size, stage: Size, sy: number, sx: number, factor: number): Camera {
  const smallest = Math.min(fit(image, stage).scale, 1) / 4;
  const scale = Math.min(CLOSEST, Math.max(smallest, camera.scale * factor));
  const at = toImage(camera, stage, sy, sx);
  const moved = { scale, y: at.y - (sy - stage.height / 2) / scale, x: at.x - (sx - stage.width / 2) / scale };
  return within(moved, image);
}

/** Moves what is seen by screen pixels. */
export function pan(camera: Camera, image: Size, dy: number, dx: number): Camera {
  return within({ ...camera, y: camera.y - dy / camera.scale, x: camera.x - dx / camera.scale }, image);
}

/** Brings a place into view: unmoved when it is seen already. */
export function reveal(camera: Camera, image: Size, stage: Size, y: number, x: number): Camera {
  const at = toStage(camera, stage, y, x);
  const inside = at.y >= 0 && at.x >= 0 && at.y <= stage.height && at.x <= stage.width;
  return inside ? camera : within({ ...camera, y, x }, image);
}

/** The middle of the stage stays on the image, so that it cannot get lost. */
function within(camera: Camera, image: Size): Camera {
  return {
    scale: camera.scale,
    y: Math.min(image.height - 0.5, Math.max(-0.5, camera.y)),
    x: Math.min(image.width - 0.5, Math.max(-0.5, camera.x)),
  };
}
