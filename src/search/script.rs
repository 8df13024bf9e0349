//! The choices of a search: made freely, written down for a [`Tree`](crate::proof::Tree), or
//! followed as such a tree has them.

use std::vec::IntoIter;

use crate::proof::Lemma;

/// Where the choices for a part come from.
#[derive(Debug, Default)]
pub enum Script {
    /// They are made as it is bounded.
    #[default]
    Free,
    /// They are made, and written down.
    Written(Vec<Lemma>),
    /// They are known.
    Followed(IntoIter<Lemma>),
}

impl Script {
    /// Writes a choice down, where that is asked for.
    pub fn write(&mut self, lemma: impl FnOnce() -> Lemma) {
        if let Self::Written(lemmas) = self {
            lemmas.push(lemma());
        }
    }

    /// What was written.
    pub fn take(&mut self) -> Vec<Lemma> {
        match std::mem::take(self) {
            Self::Written(lemmas) => lemmas,
            Self::Free | Self::Followed(_) => Vec::new(),
        }
    }

    /// Whether choices are known.
    pub fn is_followed(&self) -> bool {
        matches!(self, Self::Followed(_))
    }

    /// The slopes and multipliers of the next plane, if the next choice is one.
    pub fn plane(&mut self) -> Option<(Vec<u8>, Vec<f32>)> {
        match self.next(|lemma| matches!(lemma, Lemma::Plane { .. }))? {
            Lemma::Plane { slopes, multipliers } => Some((slopes, multipliers)),
            Lemma::Combination(_) => None,
        }
    }

    /// The next combination; `None` where choices are free.
    pub fn combination(&mut self) -> Option<Vec<(u16, u16)>> {
        if !self.is_followed() {
            return None;
        }
        match self.next(|lemma| matches!(lemma, Lemma::Combination(_))) {
            Some(Lemma::Combination(weights)) => Some(weights),
            // One that is missing proves nothing.
            _ => Some(Vec::new()),
        }
    }

    fn next(&mut self, is_sought: impl Fn(&Lemma) -> bool) -> Option<Lemma> {
        match self {
            Self::Followed(lemmas) if lemmas.as_slice().first().is_some_and(is_sought) => {
                lemmas.next()
            }
            _ => None,
        }
    }
}
