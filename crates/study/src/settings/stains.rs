//! Whether a network shall get over other colours than those that it learned from.

use std::collections::BTreeSet;

use cells::{Cell, augment::Augment};
use serde::{Deserialize, Serialize};

/// Whether cells to be judged may be stained or lit otherwise than those that train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stains {
    /// `Vary` for photographs (channels red, green, blue) of cells in groups of two or more on average: a group is a slide,
    /// a day or a donor then, and others have other colours. Otherwise `Alike`.
    Auto,
    /// Four training crops in five have each channel multiplied by a factor of its own, 0.7 to 1.4.
    Vary,
    /// Colours stay as they are.
    Alike,
}

impl Stains {
    /// Itself, with `Auto` decided for cells with these channels.
    #[must_use]
    pub fn decided(self, channels: &[String], cells: &[Cell]) -> Stains {
        let groups: BTreeSet<&str> = cells.iter().map(|cell| cell.group.as_str()).collect();
        let strange = channels == formats::channels::colours() && 2 * groups.len() <= cells.len();
        match self {
            Stains::Auto if strange => Stains::Vary,
            Stains::Auto => Stains::Alike,
            decided => decided,
        }
    }

    /// What is done to training crops before all else.
    #[must_use]
    pub fn augment(self) -> Option<Augment> {
        (self == Stains::Vary).then_some(Augment::ChannelGain { p: 0.8, factor: [0.7, 1.4] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(channels: &[&str], groups: &[&str]) -> Stains {
        let channels: Vec<String> = channels.iter().map(|&c| c.into()).collect();
        let cell = |group: &&str| Cell { group: (*group).into(), ..Cell::default() };
        Stains::Auto.decided(&channels, &groups.iter().map(cell).collect::<Vec<_>>())
    }

    #[test]
    fn photographs_of_slides_vary() {
        assert_eq!(decided(&["red", "green", "blue"], &["a", "a", "b", "b"]), Stains::Vary);
    }

    #[test]
    fn cells_without_relatives_and_fluorescence_do_not() {
        assert_eq!(decided(&["red", "green", "blue"], &["a", "b", "c", "d"]), Stains::Alike);
        assert_eq!(decided(&["DNA", "actin", "tubulin"], &["a", "a", "b", "b"]), Stains::Alike);
        assert_eq!(decided(&["DNA"], &["a", "a", "a", "a"]), Stains::Alike);
    }

    #[test]
    fn what_the_user_decides_stays() {
        assert_eq!(Stains::Vary.decided(&[], &[]), Stains::Vary);
        assert_eq!(Stains::Alike.decided(&[], &[]), Stains::Alike);
    }
}
