//! The program `taut`: what it prints, writes and refuses.

mod analyze;
mod bad_input;
mod bench;
mod boxes;
mod cli;
mod compare;
mod export;
mod files;
mod formats;
mod gan;
mod plot;
mod programs;
mod questions;
mod rbm;
mod report;
mod robust;
mod soundness;
#[path = "../support/mod.rs"]
mod support;
mod train;
mod verify;
mod words;
