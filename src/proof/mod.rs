//! What proves a bound: data alone, from which anyone may derive it again.
//!
//! A search cuts its box into parts and bounds each by planes below the objective. What it finds
//! out on the way (which slopes, which combination of planes, where to cut) took it nearly all
//! of its time; that each of these is valid takes none of it. So a [`Tree`] keeps the choices and
//! leaves out what follows from them: ranges of neurons, planes, clipped boxes.

mod tree;

pub use tree::{Cut, Lemma, Part, SLOPE_UNITS, Tree, WEIGHT_UNITS};
