//! Restricted Boltzmann machines.
//!
//! Visible units `v` and hidden units `h` of 0 and 1 have the probability `e^{−E(v, h)} / Z` with
//!
//! ```text
//! E(v, h) = −bᵀv − cᵀh − vᵀ W h                 binary visible units
//! E(v, h) = ½ ‖v − b‖² − cᵀh − vᵀ W h           Gaussian visible units, of deviation 1
//! P(hⱼ = 1 | v) = σ(cⱼ + (Wᵀv)ⱼ),   σ(a) = 1 / (1 + e⁻ᵃ)
//! P(vᵢ = 1 | h) = σ(bᵢ + (W h)ᵢ)                or   vᵢ ~ N(bᵢ + (W h)ᵢ, 1)
//! ```
//!
//! Training ([`Training`]) makes the samples likely by contrastive divergence ([`Contrast`]). A
//! [`Stack`] has a machine for the hidden units of another. Of a small machine all states are
//! added up ([`exact`]); the partition function of a large one is estimated ([`annealed`]).
//!
//! [`ising`] draws spins of the Ising model, and [`renormalisation`] trains stacks on them and
//! measures what they see.
//!
//! Source: Hinton, "A practical guide to training restricted Boltzmann machines" (2012).

pub mod annealed;
mod bits;
mod contrast;
mod draws;
pub mod exact;
pub mod ising;
mod logistic;
mod machine;
pub mod renormalisation;
mod rows;
mod settings;
mod stack;
mod threads;
mod training;
mod walk;

pub use bits::Bits;
pub use contrast::{Contrast, Velocity};
pub use draws::{Draws, EpochDraws, Side, stride};
pub use logistic::{Logistic, logistic};
pub use machine::{Machine, Visible, sampled};
pub use rows::{Chains, Rows};
pub use settings::RbmSettings;
pub use stack::{Stack, Upward};
pub use threads::Threads;
pub use training::{EpochFigures, MachineState, Training};
