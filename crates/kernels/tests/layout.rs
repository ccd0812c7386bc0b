//! The ways between cells, packs and units lead back, and end where they say.

use kernels::{LANES, Shape, flatten, pack_cells, unflatten, unpack_cells};

const SHAPE: Shape = Shape { h: 3, w: 4, c: 2 };

#[test]
fn packing_puts_cells_side_by_side_and_back() {
    let cells: Vec<f32> = (0..SHAPE.pack_len()).map(|i| i as f32).collect();
    let mut pack = vec![f32::NAN; SHAPE.pack_len()];
    pack_cells(SHAPE, &cells, &mut pack);
    let (y, x, c, lane) = (2, 1, 1, 5);
    let in_cell = (y * SHAPE.w + x) * SHAPE.c + c;
    assert_eq!(pack[((y * SHAPE.c + c) * SHAPE.w + x) * LANES + lane], cells[lane * SHAPE.units() + in_cell]);
    let mut back = vec![f32::NAN; SHAPE.pack_len()];
    unpack_cells(SHAPE, &pack, &mut back);
    assert_eq!(back, cells);
}

#[test]
fn flattening_orders_units_as_keras_does_and_back() {
    let packs = 3;
    let x: Vec<f32> = (0..packs * SHAPE.pack_len()).map(|i| i as f32).collect();
    let n = packs * LANES;
    let mut units = vec![f32::NAN; SHAPE.units() * n];
    let half = SHAPE.units() / 2;
    let (first, second) = units.split_at_mut(half * n);
    flatten(SHAPE, packs, &x, 0..half, first);
    flatten(SHAPE, packs, &x, half..SHAPE.units(), second);
    for (pack, pixels) in x.chunks_exact(SHAPE.pack_len()).enumerate() {
        let mut cells = vec![0.0; SHAPE.pack_len()];
        unpack_cells(SHAPE, pixels, &mut cells);
        for lane in 0..LANES {
            for unit in 0..SHAPE.units() {
                assert_eq!(units[unit * n + pack * LANES + lane], cells[lane * SHAPE.units() + unit]);
            }
        }
        let mut back = vec![f32::NAN; SHAPE.pack_len()];
        unflatten(SHAPE, packs, &units, pack, &mut back);
        assert_eq!(back, pixels);
    }
}
