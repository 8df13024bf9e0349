//! Limits and interrupts. A program of its own, since its tests look at a clock: nothing
//! else runs beside them.

mod interrupts;
mod limits;
