//! Streams of random numbers: a recipe has one seed, each use a stream of its own, so
//! that a change in one (more samples, no dropout) leaves the others as they are.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What random numbers are drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Points of a test function.
    Sampling,
    /// Noise on the targets.
    Noise,
    /// Which samples are for training, validation and test.
    Split,
    /// Weights to begin with.
    Initialization,
    /// Order of the samples in an epoch.
    Shuffle,
    /// Neurons that are dropped.
    Dropout,
    /// Units of Boltzmann machines and spins.
    Boltzmann,
    /// Samples, latent points and noise of a game of two networks.
    Game,
}

/// Room for the uses, so that numbered streams do not meet.
const USES: u64 = 8;

impl Stream {
    /// The numbers of this stream for a seed.
    pub fn random(self, seed: u64) -> ChaCha8Rng {
        self.numbered(seed, 0)
    }

    /// The numbers of one of many parts of this stream, such as an epoch.
    pub fn numbered(self, seed: u64, number: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let own = match self {
            Self::Sampling => 1,
            Self::Noise => 2,
            Self::Split => 3,
            Self::Initialization => 4,
            Self::Shuffle => 5,
            Self::Dropout => 6,
            Self::Boltzmann => 7,
            Self::Game => 0,
        };
        random.set_stream(own + USES * number);
        random
    }
}
