//! What ends a piece of a training before it has a result.

use super::TrainError;
use crate::control::StoppedBy;

/// Why a piece of a training has no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// A limit or an interrupt came first.
    Stopped(StoppedBy),
    /// It cannot be done.
    Failed(TrainError),
}

impl From<StoppedBy> for Halt {
    fn from(reason: StoppedBy) -> Self {
        Self::Stopped(reason)
    }
}

impl From<TrainError> for Halt {
    fn from(error: TrainError) -> Self {
        Self::Failed(error)
    }
}
