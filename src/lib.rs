//! Taut
pub mod bounds;
pub mod encode;
pub mod io;
pub mod milp;
pub mod network;
pub mod num;
pub mod optimize;
pub mod problem;
pub mod solve;
