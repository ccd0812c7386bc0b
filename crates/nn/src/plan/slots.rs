//! Buffers shared by arrays that are never alive at the same time.

/// Where an array is: which buffer, and how many units of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) buffer: usize,
    pub(crate) units: usize,
}

/// Arrays and the buffers that hold them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    /// By number of the array.
    pub(crate) arrays: Vec<Slot>,
    /// Units of each buffer.
    pub(crate) buffers: Vec<usize>,
}

impl Slots {
    /// Every array in a buffer of its own.
    pub(crate) fn separate(units: &[usize]) -> Slots {
        let arrays = units.iter().enumerate().map(|(buffer, &units)| Slot { buffer, units }).collect();
        Slots { arrays, buffers: units.to_vec() }
    }

    /// Arrays of the sizes `units` share buffers when their uses, given as `(time, array)` in the order of time, do not
    /// overlap. Arrays used at the same time never share.
    pub(crate) fn shared(units: &[usize], uses: &[(usize, usize)]) -> Slots {
        let mut lives: Vec<Option<(usize, usize)>> = vec![None; units.len()];
        for &(time, array) in uses {
            let (first, _) = lives[array].unwrap_or((time, time));
            lives[array] = Some((first, time));
        }
        let mut order: Vec<usize> = (0..units.len()).filter(|&array| lives[array].is_some()).collect();
        order.sort_by_key(|&array| lives[array]);
        let mut slots = Slots {
            arrays: units.iter().map(|_| Slot { buffer: 0, units: 0 }).collect(),
            buffers: Vec::new(),
        };
        let mut busy_until: Vec<usize> = Vec::new();
        for array in order {
            let (first, last) = lives[array].unwrap_or_default();
            // Of the free buffers the one that is nearest in size.
            let free = (0..busy_until.len()).filter(|&buffer| busy_until[buffer] < first);
            let buffer = free.min_by_key(|&b| slots.buffers[b].abs_diff(units[array])).unwrap_or_else(|| {
                slots.buffers.push(0);
                busy_until.push(0);
                busy_until.len() - 1
            });
            slots.buffers[buffer] = slots.buffers[buffer].max(units[array]);
            busy_until[buffer] = last;
            slots.arrays[array] = Slot { buffer, units: units[array] };
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_needs_two_buffers() {
        let uses: Vec<_> = (0..5).flat_map(|time| [(time, time), (time, time + 1)]).collect();
        let slots = Slots::shared(&[10, 20, 30, 20, 10, 5], &uses);
        assert_eq!(slots.buffers.iter().sum::<usize>(), 50);
        assert!(slots.arrays.windows(2).all(|two| two[0].buffer != two[1].buffer));
    }

    #[test]
    fn an_array_read_late_keeps_its_buffer() {
        let uses = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 0), (3, 3)];
        let slots = Slots::shared(&[1; 4], &uses);
        assert_eq!(slots.buffers, [1; 3]);
        assert!(slots.arrays[1..].iter().all(|slot| slot.buffer != slots.arrays[0].buffer));
    }
}
