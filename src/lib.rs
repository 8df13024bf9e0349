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
//! | 6 | [`compare`], [`analyze`], [`plot`] | the same question under several formulations; what makes it hard; pictures |
//! | 5 | [`optimize`] | the question |
//! | 4 | [`tighten`], [`scale`], [`prune`], [`regions`] | bounds by linear programs; neurons in other units, or removed; linear regions |
//! | 3 | [`encode`], [`io`] | network and bounds → program; files |
//! | 2 | [`bounds`], [`solve`], [`problem`], [`train`] | bounds on neurons; solvers; questions; training |
//! | 1 | [`network`], [`milp`], [`num`], [`message`] | the data; what messages quote |

pub mod analyze;
pub mod bounds;
pub mod compare;
pub mod control;
pub mod encode;
pub mod io;
pub mod message;
pub mod milp;
pub mod network;
pub mod num;
pub mod optimize;
pub mod plot;
pub mod problem;
pub mod prune;
pub mod regions;
pub mod scale;
pub mod solve;
pub mod tighten;
pub mod train;
