//! Limits, interrupts and progress. A program of its own, since these tests look at a clock:
//! nothing else runs beside them.

mod interrupts;
mod limits;
mod screen;
