//! Exact answers about trained ReLU networks.
//!
//! A network `f: Rⁿ → Rᵐ` of affine maps and piecewise linear activations, and a
//! domain `X`: a box, perhaps with integer inputs and linear constraints over
//! inputs and outputs. Taut finds the least or largest value of a linear
//! expression of `x` and `f(x)` over `X`, with a proven bound and a point that
//! attains it: it bounds every neuron, encodes the network as a mixed-integer
//! linear program, solves that, and believes the result only after a forward
//! pass of the network as read.
//!
//! ```
//! use taut::optimize::{OptimizeOptions, optimize};
//! use taut::control::Silent;
//!
//! let problem = taut::io::read_problem("instances/rosenbrock4-2x25.toml".as_ref())?;
//! let answer = optimize(&problem, &OptimizeOptions::default(), &mut Silent)?;
//! println!("{:?}: {:?} at {:?}", answer.status, answer.objective, answer.input);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules stand on floors; each uses only those below its own:
//!
//! | floor | modules | what |
//! |---|---|---|
//! | 10 | [`report`] | what batch runs show |
//! | 9 | [`mod@bench`] | the same question under several formulations; many questions, a process each |
//! | 8 | [`analyze`], [`plot`], [`verify`] | what makes a question hard; pictures; whether a property holds |
//! | 7 | [`optimize`] | the optimum: methods, evidence, and the one place that weighs it |
//! | 6 | [`tighten`] | bounds by programs and searches |
//! | 5 | [`search`], [`regions`] | branch and bound; linear regions |
//! | 4 | [`encode`], [`scale`], [`prune`], [`io`] | network and bounds → program; neurons in other units, or removed; files |
//! | 3 | [`bounds`], [`solve`], [`problem`], [`train`] | bounds on neurons; solvers; questions; training |
//! | 2 | [`network`], [`milp`], [`proof`] | the data |
//! | 1 | [`num`], [`control`], [`message`] | numbers; limits, clock and stop; what messages quote |

pub mod analyze;
#[cfg(feature = "bench")]
pub mod bench;
pub mod bounds;
pub mod control;
pub mod encode;
pub mod io;
pub mod message;
pub mod milp;
pub mod network;
pub mod num;
pub mod optimize;
#[cfg(feature = "plot")]
pub mod plot;
pub mod problem;
pub mod proof;
pub mod prune;
pub mod regions;
#[cfg(feature = "report")]
pub mod report;
pub mod scale;
pub mod search;
pub mod solve;
pub mod tighten;
#[cfg(feature = "train")]
pub mod train;
pub mod verify;

/// The Rust blocks of the pages, as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/rust.md")]
mod pages {}
